using ImplicitNet.Certification;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>Several starts of every solve: how far they agree, and the best of them.</summary>
internal sealed class SeveralStarts
{
    private readonly StartingPoint[] _starts;

    private SeveralStarts(int count, IReadOnlyList<SquareSymmetry> symmetries)
    {
        _starts =
        [
            StartingPoint.Operator, StartingPoint.Zero,
            .. Enumerable.Range(1, count - 2).Select(seed => new RandomStart { Seed = seed }),
        ];
        Points = [.. _starts.Select((start, number) => new TurnedStart(start, symmetries[number % symmetries.Count]))];
    }

    public int Count => _starts.Length;

    /// <summary>The starts, the operator's own first, each with the next way to turn what is solved; the first turns nothing.</summary>
    public IReadOnlyList<TurnedStart> Points { get; }

    /// <summary>Whether anything is turned: then fixed points are those of several inputs, and only answers can be compared.</summary>
    public bool IsTurned => Points.Any(start => start.Symmetry != default);

    /// <summary>Null where there is one start.</summary>
    /// <param name="count">Starts.</param>
    /// <param name="symmetries">Of the data, as from <see cref="Kinds.RunKind.Symmetries"/>.</param>
    public static SeveralStarts? Of(int? count, IReadOnlyList<SquareSymmetry> symmetries) =>
        count > 1 ? new SeveralStarts(count.Value, symmetries) : null;

    /// <summary>Settings by which every sample gets the answer with the smallest residual.</summary>
    public SolveSettings Best(SolveSettings own) => own with { Solver = new BestOfStarts { Solver = own.Solver, Starts = _starts[1..] } };

    /// <summary>Solves a batch from every start.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="inputs">[batch, ...]; stays the caller's.</param>
    /// <param name="weights">How much the parts of an answer count: those of weight 0 may differ. Null where all do.</param>
    /// <returns>One a sample.</returns>
    public IReadOnlyList<StartsResult.Sample> Measure(ImplicitNetwork network, Tensor inputs, Tensor? weights = null)
    {
        PathIndependenceReport report = PathIndependence.Measure(network, inputs, _starts, output =>
            weights is null ? output.argmax(1) : output.argmax(1).masked_fill(weights.eq(0), 0));
        return
        [
            .. report.Solves[0].Samples.Zip(report.SameAnswers, (sample, same) => new StartsResult.Sample
            {
                Converged = sample.Converged,
                Distance = sample.Distance,
                Cosine = sample.Cosine,
                SameAnswer = same,
            }),
        ];
    }

    /// <summary>Solves all samples of a source from every start.</summary>
    public StartsResult Measure(ImplicitNetwork network, BatchSource source, IProgress<double> progress, CancellationToken cancellation)
    {
        List<StartsResult.Sample> samples = [];
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            batch.Convert(ScalarType.Float32, network.parameters().First().device);
            samples.AddRange(Measure(network, batch.Inputs, batch.Weights));
            progress.Report((double)samples.Count / source.Count);
        }

        return StartsResult.Of(Count, samples);
    }
}
