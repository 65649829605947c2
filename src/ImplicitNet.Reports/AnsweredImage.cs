using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Reports;

/// <summary>One image of a data set and what a network answered, to be shown in a report.</summary>
public sealed record AnsweredImage
{
    /// <summary>The images; those of one channel are shown in grey, those of three in red, green and blue, others not at all.</summary>
    public required ImageDataset Images { get; init; }

    /// <summary>Which of them, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The class that the network answered.</summary>
    public required int Answer { get; init; }

    /// <summary>The probability that the network gave it, 0 to 1.</summary>
    public required double Probability { get; init; }

    /// <summary>How its solve ended; null, the default, where there was none of this image alone.</summary>
    public SolveStatus? Status { get; init; }

    /// <summary>Steps of its solve.</summary>
    public int Steps { get; init; }

    /// <summary>The residual of its latent over the norm of that, dimensionless.</summary>
    public double RelativeResidual { get; init; }

    /// <summary>The class that it is of.</summary>
    public int Label => Images.Label(Index);

    /// <summary>Whether the answer is right.</summary>
    public bool IsRight => Answer == Label;
}
