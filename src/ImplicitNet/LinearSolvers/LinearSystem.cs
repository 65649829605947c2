using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What a linear solver is given, checked: <c>A x = b</c> for every sample, where to start and when to end.</summary>
internal sealed class LinearSystem
{
    private LinearSystem(MeteredOperator linear, Tensor rightSide, Tensor? start, double[] scales, double[] thresholds)
    {
        Linear = linear;
        RightSide = rightSide;
        Start = start;
        Scales = scales;
        Thresholds = thresholds;
    }

    /// <summary>A, which counts the products that are paid.</summary>
    public MeteredOperator Linear { get; }

    /// <summary>b: [batch, n].</summary>
    public Tensor RightSide { get; }

    /// <summary>x at the start: [batch, n], finite, and zeros where b is; null for zeros everywhere.</summary>
    public Tensor? Start { get; }

    /// <summary>||b|| of every sample.</summary>
    public double[] Scales { get; }

    /// <summary>The norm of the residual that is small enough, for every sample.</summary>
    public double[] Thresholds { get; }

    /// <summary>Checks what a caller gives. What is made here belongs to the caller's dispose scope.</summary>
    /// <exception cref="ArgumentException">As <see cref="LinearSolver.Solve"/> says.</exception>
    public static LinearSystem Of(LinearOperator linear, Tensor rightSide, IReadOnlyList<LinearTolerance> tolerances, Tensor? start)
    {
        ArgumentNullException.ThrowIfNull(linear);
        TensorCheck.EnsureBatch(rightSide, nameof(rightSide), "b");
        ArgumentNullException.ThrowIfNull(tolerances);
        if (rightSide.ndim != 2 || rightSide.dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException($"b must be [batch, n] in float32 or float64. It is {Describe(rightSide)}.", nameof(rightSide));
        }

        if (start is not null)
        {
            TensorCheck.EnsureBatch(start, nameof(start), "The start");
            if (Describe(start) != Describe(rightSide))
            {
                throw new ArgumentException($"The start must be like b, {Describe(rightSide)}. It is {Describe(start)}.", nameof(start));
            }
        }

        if (tolerances.Count != rightSide.shape[0])
        {
            throw new ArgumentException(
                $"There must be a tolerance for each of {rightSide.shape[0]} samples. There are {tolerances.Count}.", nameof(tolerances));
        }

        foreach ((int sample, LinearTolerance tolerance) in tolerances.Index())
        {
            if (!tolerance.IsValid)
            {
                throw new ArgumentException(
                    $"A tolerance must be in [0, 1) relative, finite and at least 0 absolute. "
                        + $"That of sample {sample} is {tolerance.Relative} and {tolerance.Absolute}.",
                    nameof(tolerances));
            }
        }

        using DisposeScope scope = NewDisposeScope();
        double[] scales = RowNorms.Of(rightSide);
        double[] thresholds = [.. scales.Zip(tolerances, (scale, tolerance) => tolerance.Threshold(scale))];
        Tensor? usable = start is null ? null : Usable(start, rightSide).MoveToOuterDisposeScope();
        return new LinearSystem(new MeteredOperator(linear), rightSide, usable, scales, thresholds);
    }

    /// <summary>
    /// Every sample before its first product; what needs none is decided: b = 0, b not finite, and b small enough for x = 0.
    /// </summary>
    public LinearProgress[] Begin()
    {
        LinearProgress[] progress = new LinearProgress[Scales.Length];
        for (int i = 0; i < progress.Length; i++)
        {
            progress[i] = new LinearProgress(Scales[i], Thresholds[i], Precision.Of(RightSide.dtype).Rounding);
            if (Start is null || Scales[i] == 0 || !double.IsFinite(Scales[i]))
            {
                progress[i].Begin(Scales[i], products: 0);
            }
        }

        return progress;
    }

    /// <summary>The start, detached; zeros for a sample where it is not finite, and where b is zeros: so is x there.</summary>
    private static Tensor Usable(Tensor start, Tensor rightSide)
    {
        Tensor isUsed = start.isfinite().all(1, keepdim: true).logical_and((rightSide != 0).any(1, keepdim: true));
        return where(isUsed, start.detach(), zeros_like(start));
    }

    // A device is compared by its name: torch.Device compares references.
    private static string Describe(Tensor tensor) => $"{TensorCheck.Describe(tensor)} on {tensor.device}";
}
