"""The header of a measurement: XML after the ISMRMRD schema (Inati et al. 2017)."""

from xml.etree import ElementTree

from datamodules.fastmri.volume import MatrixSize

_NAMESPACE = "http://www.ismrm.org/ISMRMRD"


def matrix_sizes(header: str) -> tuple[MatrixSize, MatrixSize]:
    """Matrix sizes (x, y, z) of the first encoding: of what was measured, and of the images.

    Raises:
        ValueError: it is no XML, declares entities, or lacks one of the sizes.
    """
    if "<!DOCTYPE" in header.upper():  # which may hold entities that blow up
        raise ValueError("ismrmrd_header declares a document type, expected plain XML")
    try:
        root = ElementTree.fromstring(header)
    except ElementTree.ParseError as error:
        raise ValueError(f"ismrmrd_header is not XML ({error}), expected an ISMRMRD header") from error
    return _matrix_size(root, "encodedSpace"), _matrix_size(root, "reconSpace")


def write_header(encoded: tuple[int, int], recon: tuple[int, int]) -> str:
    """A minimal header of two-dimensional slices, with what readers of fastMRI ask for.

    Args:
        encoded: (H, W) of k-space.
        recon: (h, w) of the images.
    """
    spaces = "".join(
        f"<{space}><matrixSize><x>{height}</x><y>{width}</y><z>1</z></matrixSize></{space}>"
        for space, (height, width) in (("encodedSpace", encoded), ("reconSpace", recon))
    )
    steps = f"<minimum>0</minimum><maximum>{encoded[1] - 1}</maximum><center>{encoded[1] // 2}</center>"
    limits = f"<encodingLimits><kspace_encoding_step_1>{steps}</kspace_encoding_step_1></encodingLimits>"
    encoding = f"<encoding>{spaces}{limits}<trajectory>cartesian</trajectory></encoding>"
    return f'<?xml version="1.0"?><ismrmrdHeader xmlns="{_NAMESPACE}">{encoding}</ismrmrdHeader>'


def _matrix_size(root: ElementTree.Element, space: str) -> MatrixSize:
    path = f"{{*}}encoding/{{*}}{space}/{{*}}matrixSize/{{*}}"
    texts = [root.findtext(path + axis) for axis in "xyz"]
    x, y, z = (int(text) if text is not None and text.strip().isdecimal() else 0 for text in texts)
    if min(x, y, z) < 1:
        raise ValueError(f"ismrmrd_header has the {space} matrix size {texts}, expected three positive numbers")
    return x, y, z
