using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>
/// A named nonlinear system from the literature as a fixed-point map, to try solvers on, with what is known about its solutions. Where that
/// is natural, it is solved for a batch of parameters.
/// </summary>
public sealed record FixedPointProblem
{
    /// <summary>Its name on the command line: lower case, with hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Where it is from: author and year, and the number in a collection.</summary>
    public required string Source { get; init; }

    /// <summary>
    /// <c>u, q -> map(u)</c>: u [batch, ...] and q [batch, parameters] of the same floating-point dtype and device, to the shape of u;
    /// differentiable twice.
    /// </summary>
    public required Func<Tensor, Tensor, Tensor> Function { get; init; }

    /// <summary>u at step 0: the numbers of one sample, the same for every sample.</summary>
    public required IReadOnlyList<double> Start { get; init; }

    /// <summary>q for every sample; by default one sample, with the parameter 0.</summary>
    public IReadOnlyList<double[]> Parameters { get; init; } = [[0]];

    /// <summary>The shape of one sample; null for a vector.</summary>
    public IReadOnlyList<long>? SampleShape { get; init; }

    /// <summary>
    /// Computes the error of a sample from its parameters and latent: the distance to the solution if that is known, or else how far it
    /// violates what holds for every solution; null if nothing is known.
    /// </summary>
    public Func<double[], double[], double>? Error { get; init; }

    /// <summary>The error that a solution to a tolerance of 1e-10 may have; default 1e-6.</summary>
    public double ErrorTolerance { get; init; } = 1e-6;

    /// <summary>Creates the problem as a batch.</summary>
    /// <param name="dtype">Default float64.</param>
    /// <param name="device">Default the CPU.</param>
    /// <returns>The map, which owns its parameters, and u at step 0, [batch, ...]. The caller owns both.</returns>
    public (PerSampleMap Map, Tensor Start) Create(ScalarType dtype = ScalarType.Float64, Device? device = null)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = Parameters.Count;
        long[] shape = [batch, .. SampleShape ?? [Start.Count]];
        Tensor q = stack([.. Parameters.Select(row => tensor(row, dtype, device))]).DetachFromDisposeScope();
        Tensor start = tensor([.. Start], dtype, device).unsqueeze(0).repeat([batch, 1]).reshape(shape);
        return (new PerSampleMap(Function, q, owned: q), start.MoveToOuterDisposeScope());
    }

    /// <summary>A root problem F(u) = 0 as <c>u -> u - alpha F(u)</c>.</summary>
    internal static FixedPointProblem Root(
        string name, string title, string source, double alpha, Func<Tensor, Tensor, Tensor> function, double[] start) => new()
        {
            Name = name,
            Title = title + alpha switch
            {
                1 => "; u - F(u)",
                < 0 => FormattableString.Invariant($"; u + {-alpha} F(u)"),
                _ => FormattableString.Invariant($"; u - {alpha} F(u)"),
            },
            Source = source,
            Function = (u, q) => u - function(u, q) * alpha,
            Start = start,
        };

    /// <summary>The largest difference between two latents.</summary>
    internal static double Distance(double[] found, double[] expected) => expected.Zip(found, (x, u) => Math.Abs(x - u)).Max();

    /// <summary>That difference as a share of the largest element.</summary>
    internal static double RelativeDistance(double[] found, double[] expected) => Distance(found, expected) / expected.Max(Math.Abs);
}
