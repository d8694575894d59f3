"""Image before noise: an untrained convolutional network fitted to an image, to it with noise, and to noise alone.

    python -m lit_inverse.theory.image_and_noise [--root FOLDER] [--out runs/image_and_noise] [--help]

The survey's Fig. 4 (Scarlett et al. 2022; Heckel and Soltanolkotabi 2020, Denoising and Regularization via Exploiting
the Structural Bias of Convolutional Generators, Fig. 1) with a deep decoder, and with the network of the deep image
prior. The loss falls sooner for the image than for noise, so that the error of the fit to both has a minimum.
"""
