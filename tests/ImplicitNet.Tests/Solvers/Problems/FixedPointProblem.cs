using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers.Problems;

/// <summary>A nonlinear system of the literature as a fixed-point map, for a batch of parameters where that is natural.</summary>
/// <param name="Name">As the literature calls it.</param>
/// <param name="Source">Where it is from.</param>
/// <param name="Function">u, q -> map(u): [batch, ...]; q holds the parameters of each sample.</param>
/// <param name="Start">The start: n numbers, the same for every sample.</param>
public sealed record FixedPointProblem(string Name, string Source, Func<Tensor, Tensor, Tensor> Function, double[] Start)
{
    /// <summary>The parameters of every sample; one sample without any by default.</summary>
    public double[][] Parameters { get; init; } = [[0]];

    /// <summary>The shape of one sample, when it is no vector.</summary>
    public long[]? SampleShape { get; init; }

    /// <summary>From the parameters the solution, where it is unique and known otherwise.</summary>
    public Func<double[], double[]>? Solution { get; init; }

    /// <summary>How near the solution a converged answer is, as a share of its largest element.</summary>
    public double SolutionTolerance { get; init; } = 1e-6;

    /// <summary>What holds for every solution, where none is known: an error that vanishes.</summary>
    public Func<double[], double[], double>? Invariant { get; init; }

    /// <summary>A root problem F(u) = 0 as <c>u -> u - alpha F(u)</c>.</summary>
    public static FixedPointProblem Root(string name, string source, double alpha, Func<Tensor, Tensor, Tensor> function, double[] start) =>
        new($"{name}, alpha {alpha}", source, (u, q) => u - function(u, q) * alpha, start);

    /// <summary>The columns of u: [batch, n] as n columns.</summary>
    public static Tensor[] Columns(Tensor u) => [.. Enumerable.Range(0, (int)u.shape[1]).Select(i => u.select(1, i))];

    /// <summary>u with a column of its neighbours to the left and right, zero beyond the ends.</summary>
    public static Tensor Shifted(Tensor u, int by)
    {
        Tensor edge = zeros([u.shape[0], Math.Abs(by)], dtype: u.dtype, device: u.device);
        long n = u.shape[1];
        return by < 0 ? cat([edge, u.slice(1, 0, n + by, 1)], 1) : cat([u.slice(1, by, n, 1), edge], 1);
    }

    /// <summary>The map, with its parameters as the input; the caller owns both.</summary>
    public (PerSampleMap Map, Tensor Start) Create(ScalarType dtype = ScalarType.Float64)
    {
        long batch = Parameters.Length;
        long[] shape = [batch, .. SampleShape ?? [Start.Length]];
        Tensor q = stack([.. Parameters.Select(row => tensor(row))]).to(dtype);
        Tensor start = tensor(Start).unsqueeze(0).repeat([batch, 1]).reshape(shape).to(dtype);
        return (new PerSampleMap(Function, q), start);
    }
}
