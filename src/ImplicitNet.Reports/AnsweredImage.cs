using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Reports;

/// <summary>One image of a data set and what a network answered, to be shown in a report.</summary>
public sealed record AnsweredImage
{
    /// <summary>
    /// The images. Those with one channel are shown in grey, those with three in red, green and blue, and others not at all.
    /// </summary>
    public required ImageDataset Images { get; init; }

    /// <summary>The index of the image in the data set, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The class that the network answered.</summary>
    public required int Answer { get; init; }

    /// <summary>The probability that the network gave its answer, 0 to 1.</summary>
    public required double Probability { get; init; }

    /// <summary>How the solve of the image ended; null, the default, if the image had no solve of its own.</summary>
    public SolveStatus? Status { get; init; }

    /// <summary>The steps of the solve.</summary>
    public int Steps { get; init; }

    /// <summary>The residual of the latent over the norm of the latent, dimensionless.</summary>
    public double RelativeResidual { get; init; }

    /// <summary>The true class of the image.</summary>
    public int Label => Images.Label(Index);

    /// <summary>Whether the answer is right.</summary>
    public bool IsRight => Answer == Label;
}
