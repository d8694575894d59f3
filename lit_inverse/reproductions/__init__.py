"""The figures of the founding papers: measured again, held to what the papers say, written to docs/reproductions.md.

    python -m lit_inverse.reproductions [--only '[mnist_gaussian]'] [--full] [--out runs/reproductions] [--help]
    python -m lit_inverse.reproductions page

The first command runs configs/evaluate/NAME.yaml with NAME.small.yaml (the published settings with --full), keeps the
small results in docs/reproductions/NAME and writes the page; the second one writes the page of what is kept.
"""
