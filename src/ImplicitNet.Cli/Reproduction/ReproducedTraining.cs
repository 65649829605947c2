namespace ImplicitNet.Cli.Reproduction;

/// <summary>One training of a reproduction, and what the paper has for it.</summary>
internal sealed record ReproducedTraining
{
    /// <summary>The clean form by JFB: what the others are held against.</summary>
    public const string JacobianFree = "jfb";

    /// <summary>The form as published by JFB.</summary>
    public const string Published = "published";

    /// <summary>The explicit twin of the clean form.</summary>
    public const string Explicit = "explicit";

    /// <summary>The clean form by the exact gradient, from conjugate gradients on the normal equations.</summary>
    public const string JacobianBased = "implicit:cg-normal";

    /// <summary>A neural ODE, as train names it.</summary>
    public const string NeuralOde = "neural-ode";

    /// <summary>A neural ODE with zeros appended to its state, as train names it.</summary>
    public const string AugmentedNeuralOde = "augmented-ode";

    /// <summary>One monotone convolution, as train names it.</summary>
    public const string Monotone = "monotone";

    /// <summary>The name in tables of numbers, files and folders.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, for tables.</summary>
    public required string Title { get; init; }

    /// <summary>
    /// The method among the paper's <see cref="PaperFigures.Others"/> that is run by a network and settings of our own, so that the two
    /// figures have no more than the method in common; null where the network is the paper's.
    /// </summary>
    public string? OtherMethod { get; init; }

    /// <summary>What the paper reports, in per cent of its test images.</summary>
    public required Func<PaperFigures, double> Accuracy { get; init; }

    /// <summary>What the paper reports in seconds an epoch; null for what it does not.</summary>
    public required Func<PaperFigures, double?> Seconds { get; init; }

    /// <summary>All of them, the one that matters most first: what a plan has no time for is the last.</summary>
    public static IReadOnlyList<ReproducedTraining> All { get; } =
    [
        new() { Name = JacobianFree, Title = "clean form, JFB", Accuracy = paper => paper.JacobianFree,
            Seconds = paper => paper.JacobianFreeSeconds },
        new() { Name = Published, Title = "published form, JFB", Accuracy = paper => paper.JacobianFree,
            Seconds = paper => paper.JacobianFreeSeconds },
        new() { Name = Explicit, Title = "clean form, explicit twin", Accuracy = paper => paper.Explicit, Seconds = _ => null },
        new() { Name = JacobianBased, Title = "clean form, CG-based", Accuracy = paper => paper.JacobianBased,
            Seconds = paper => paper.JacobianBasedSeconds },
        Own(Monotone, PaperFigures.Monotone),
        Own(NeuralOde, PaperFigures.NeuralOde),
        Own(AugmentedNeuralOde, PaperFigures.AugmentedNeuralOde),
    ];

    private static ReproducedTraining Own(string name, string method) => new()
    {
        Name = name,
        Title = $"{method}, ours",
        OtherMethod = method,
        Accuracy = paper => paper.Others.Single(other => other.Method == method).Accuracy,
        Seconds = _ => null,
    };
}
