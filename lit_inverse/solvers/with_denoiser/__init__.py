"""What D-AMP, D-VAMP, plug-and-play and RED share: a denoiser in a loop with the data."""
