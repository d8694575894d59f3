"""Lightning without its hints."""

import logging
import warnings


def quieten_lightning() -> None:
    """Keeps Lightning's hints on devices, workers and other products out of the output; its warnings stay."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
