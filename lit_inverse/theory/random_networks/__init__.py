"""Recovery with random ReLU networks as priors: from how many measurements, and to which error.

    python -m lit_inverse.theory.random_networks [--out runs/random_networks] [--experiments '[denoising]'] [--help]

Algorithm 1 of Cocola 2022 (`SubgradientDescent`) on networks of the widths 250, 600 and 200, the last layer
contractive: theory has recovery from m of the order of k measurements, with and without signs; of noisy ones to an
error of the order of sqrt(k / m); in denoising to an error ||x_hat - x||^2 of the order of k / n of the noise's; in the
spiked Wigner model to one of the order of nu sqrt(k / n), in the Wishart model sqrt(k / N) (Huang et al. 2021; Hand,
Leong and Voroninski 2018; Heckel et al. 2020; Cocola, Hand and Voroninski 2020).
"""
