"""What all searches of a generator's latent space have in common: B items x R restarts as one batch, in one loop."""
