namespace ImplicitNet.Cli.Reproduction;

/// <summary>
/// What Wu Fung, Heaton, Li, McKenzie, Osher and Yin report for one data set (AAAI 2022, arXiv 2103.12803): accuracies in per cent of
/// Table 1, seconds an epoch of Table 2 (one TITAN X), and test accuracies by epoch from the histories in their published weight files.
/// Their best epochs were chosen on the test images.
/// </summary>
internal sealed record PaperFigures
{
    /// <summary>A method of <see cref="Others"/>.</summary>
    public const string NeuralOde = "Neural ODE";

    /// <summary>A method of <see cref="Others"/>.</summary>
    public const string AugmentedNeuralOde = "Augmented Neural ODE";

    /// <summary>A method of <see cref="Others"/>: monotone operator networks, of one convolution.</summary>
    public const string Monotone = "MON";

    private PaperFigures()
    {
    }

    /// <summary>The data set.</summary>
    public required string Data { get; init; }

    /// <summary>Parameters of the network of the table.</summary>
    public required long Parameters { get; init; }

    /// <summary>JFB's test accuracy in per cent.</summary>
    public required double JacobianFree { get; init; }

    /// <summary>The explicit twin's test accuracy in per cent.</summary>
    public required double Explicit { get; init; }

    /// <summary>Test accuracy in per cent of the Jacobian-based method, by conjugate gradients on the normal equations.</summary>
    public required double JacobianBased { get; init; }

    /// <summary>Test accuracies in per cent of other methods, by networks that are not run here.</summary>
    public required IReadOnlyList<(string Method, double Accuracy)> Others { get; init; }

    /// <summary>Seconds an epoch by JFB.</summary>
    public required double JacobianFreeSeconds { get; init; }

    /// <summary>Seconds an epoch by the Jacobian-based method.</summary>
    public required double JacobianBasedSeconds { get; init; }

    /// <summary>Test accuracy in per cent of a JFB run after epochs.</summary>
    public required IReadOnlyList<(int Epoch, double Accuracy)> Marks { get; init; }

    /// <summary>What is to be known about these figures; none by default.</summary>
    public string Remark { get; init; } = "";

    /// <summary>MNIST.</summary>
    public static PaperFigures Mnist { get; } = new()
    {
        Data = "MNIST",
        Parameters = 54_352,
        JacobianFree = 99.4,
        Explicit = 99.4,
        JacobianBased = 99.2,
        Others = [(NeuralOde, 96.4), (AugmentedNeuralOde, 98.2), (Monotone, 99.2)],
        JacobianFreeSeconds = 17.6,
        JacobianBasedSeconds = 28.4,
        Marks = [(1, 96.50), (5, 98.57), (10, 98.98), (20, 99.13)],
        Remark = "The accuracies by epoch are of the network with one latent layer (35,856 parameters).",
    };

    /// <summary>SVHN.</summary>
    public static PaperFigures Svhn { get; } = new()
    {
        Data = "SVHN",
        Parameters = 163_744,
        JacobianFree = 94.1,
        Explicit = 93.7,
        JacobianBased = 90.1,
        Others = [(NeuralOde, 81.0), (AugmentedNeuralOde, 83.5), (Monotone, 92.3)],
        JacobianFreeSeconds = 36.9,
        JacobianBasedSeconds = 92.8,
        Marks = [(1, 79.49), (5, 89.47), (10, 91.87), (20, 93.42)],
    };

    /// <summary>CIFAR-10 without augmentation.</summary>
    public static PaperFigures Cifar10 { get; } = new()
    {
        Data = "CIFAR-10, not augmented",
        Parameters = 163_744,
        JacobianFree = 80.45,
        Explicit = 80.03,
        JacobianBased = 63.67,
        Others = [(NeuralOde, 53.7), (AugmentedNeuralOde, 60.6), (Monotone, 74.1)],
        JacobianFreeSeconds = 146.6,
        JacobianBasedSeconds = 530.9,
        Marks = [(1, 57.71), (5, 71.87), (10, 75.40), (20, 77.22)],
        Remark = "JFB's and the explicit twin's accuracies are those of the weight files. "
            + "The seconds are of the network for augmented images (843,430 parameters), "
            + "of which the paper reports 93.7 % by JFB and 87.9 % by the Jacobian-based method.",
    };
}
