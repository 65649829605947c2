using ImplicitNet.Benchmarks.Measurement;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Ceiling;

/// <summary>
/// Times a solve in turns with its convolution alone, with the same multiply-adds as a matrix product, and with each of its
/// other parts alone at the same shapes.
/// </summary>
internal sealed class CeilingMeasurement
{
    private const int SquareSide = 1024;
    private const int NativeCalls = 1000;

    private readonly CeilingCase _case;
    private readonly Rounds _rounds;
    private readonly int _repeats;

    /// <summary>Prepares to measure.</summary>
    /// <param name="measured">The solve; stays the caller's.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="repeats">Solves in a round; the parts are repeated as often as the solves have evaluations.</param>
    public CeilingMeasurement(CeilingCase measured, Rounds rounds, int repeats) => (_case, _rounds, _repeats) = (measured, rounds, repeats);

    /// <summary>Measures.</summary>
    public CeilingResult Run(Machine machine)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long evaluations = _case.Solve();
        long tensors = TensorsOfSolve();
        double applications = (double)evaluations / _case.Batch;
        int calls = Math.Max(1, (int)Math.Round(_repeats * applications));

        Tensor weight = _case.Weight;
        Tensor last = _case.Start;
        Tensor first = last.contiguous();
        Tensor lastBfloat16 = last.to(ScalarType.BFloat16);
        Tensor weightBfloat16 = weight.to(ScalarType.BFloat16);
        Tensor next = _case.Map.Evaluate(last);
        Tensor rows = randn(_case.Batch * _case.Side * _case.Side, weight.numel() / _case.Channels);
        Tensor columns = randn(weight.numel() / _case.Channels, _case.Channels);
        Tensor square = randn(SquareSide, SquareSide);
        double[][] seconds = _rounds.Measure(
            static _ => { },
            _ => Repeat(_repeats, () => _case.Solve()),
            _ => Repeat(calls, () => nn.functional.conv2d(last, weight, padding: [1, 1]).Dispose()),
            _ => Repeat(calls, () => nn.functional.conv2d(first, weight, padding: [1, 1]).Dispose()),
            _ => Repeat(calls, () => rows.mm(columns).Dispose()),
            _ => Repeat(_repeats, () => square.mm(square).Dispose()),
            _ => Repeat(calls, () => _case.Map.Evaluate(last).Dispose()),
            _ => Repeat(calls, () => Norms(last, next)),
            _ => Repeat(_repeats, _case.Bind),
            _ => Repeat(NativeCalls, () => last.alias().Dispose()),

            // Less often: without instructions for it, it may take ten times as long.
            _ => Repeat(_repeats, () => nn.functional.conv2d(lastBfloat16, weightBfloat16, padding: [1, 1]).Dispose()));

        double work = _case.MultiplyAdds * _case.Batch * calls;
        double workBfloat16 = _case.MultiplyAdds * _case.Batch * _repeats;
        double[] Rates(int contender, double multiplyAdds) => [.. seconds[contender].Select(time => 2e-9 * multiplyAdds / time)];
        double[] solve = Rates(0, _case.MultiplyAdds * evaluations * _repeats);
        double[] convolution = Rates(1, work);
        double Of(int contender, double divisor) => Spread.Of(seconds[contender]).Median / divisor;
        return new CeilingResult
        {
            Name = _case.Name,
            Batch = _case.Batch,
            Channels = _case.Channels,
            Side = _case.Side,
            Machine = machine,
            Evaluations = evaluations,
            Solve = Spread.Of(solve),
            Convolution = Spread.Of(convolution),
            ConvolutionChannelsFirst = Spread.Of(Rates(2, work)),
            Bfloat16 = Spread.Of(Rates(9, workBfloat16)),
            Product = Spread.Of(Rates(3, work)),
            SquareProduct = Spread.Of(Rates(4, Math.Pow(SquareSide, 3) * _repeats)),
            Fraction = Spread.Of(solve.Zip(convolution, (own, alone) => own / alone)),
            SolveSeconds = Of(0, _repeats),
            BindSeconds = Of(7, _repeats),
            ConvolutionSeconds = Of(1, calls) * applications,
            ElementwiseSeconds = (Of(5, calls) - Of(1, calls)) * applications,
            NormSeconds = Of(6, calls) * applications,
            Tensors = tensors,
            TensorSeconds = Of(8, NativeCalls),
        };
    }

    /// <summary>
    /// What a loop must compute in a step to know how far it is: the difference, two norms of every sample, and their numbers on the host.
    /// </summary>
    private static void Norms(Tensor latent, Tensor mapped)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor residual = mapped - latent;
        Tensor norms = stack([Rows(residual), Rows(latent)]);
        norms.cpu().data<float>().ToArray();
    }

    private static Tensor Rows(Tensor latent) => linalg.vector_norm(latent.permute(0, 2, 3, 1).reshape(latent.shape[0], -1), 2, [1]);

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++)
        {
            action();
        }
    }

    private long TensorsOfSolve()
    {
        LifetimeStatistics statistics = DisposeScopeManager.Statistics.TensorStatistics;
        long before = statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;
        _case.Solve();
        return statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount - before;
    }
}
