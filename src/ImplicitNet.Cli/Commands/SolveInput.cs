using ImplicitNet.Models.Problems;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>What solvers are compared on: maps and starts, a batch each, and when to stop. Owns them.</summary>
internal sealed class SolveInput : IDisposable
{
    private const double ProblemTolerance = 1e-8;
    private const int ProblemMaxSteps = 500;

    // Of the tolerances of a problem: an absolute one too, for solutions at zero.
    private const double AbsoluteShare = 1e-3;

    private readonly List<(FixedPointMap Map, Tensor Start)> _batches = [];
    private readonly List<IDisposable> _owned = [];

    private SolveInput(string title, string source, StoppingRule stopping) => (Title, Source, Stopping) = (title, source, stopping);

    /// <summary>What it is, for people.</summary>
    public string Title { get; }

    /// <summary>Where it is from.</summary>
    public string Source { get; }

    public StoppingRule Stopping { get; }

    public IReadOnlyList<(FixedPointMap Map, Tensor Start)> Batches => _batches;

    public int Samples => _batches.Sum(batch => (int)batch.Start.shape[0]);

    /// <summary>How a relative residual is defined under the stopping rule.</summary>
    public string Residual =>
        Stopping.AbsoluteTolerance > 0 ? $"||map(u) - u|| / (||u|| + {Display.Number(AbsoluteShare, "0.###")})" : "||map(u) - u|| / ||u||";

    public static SolveInput OfProblem(FixedPointProblem problem, double? tolerance, int? maxSteps, Device device)
    {
        double relative = tolerance ?? ProblemTolerance;
        SolveInput input = new(
            $"{problem.Name}: {problem.Title}",
            problem.Source,
            new StoppingRule
            {
                RelativeTolerance = relative,
                AbsoluteTolerance = relative * AbsoluteShare,
                MaxSteps = maxSteps ?? ProblemMaxSteps
            });
        (PerSampleMap map, Tensor start) = problem.Create(device: device);
        input.Add(map, start);
        return input;
    }

    /// <summary>The maps of a model's operator for the first images of a source.</summary>
    /// <param name="title">What it is.</param>
    /// <param name="data">What its images are from.</param>
    /// <param name="network">The model, in evaluation mode; owned from now on.</param>
    /// <param name="source">The images, and how many go into a batch.</param>
    /// <param name="count">Images.</param>
    /// <param name="tolerance">Instead of the model's.</param>
    /// <param name="maxSteps">Instead of the model's.</param>
    public static SolveInput OfModel(
        string title, string data, ImplicitNetwork network, ImageBatches source, int count, double? tolerance, int? maxSteps)
    {
        StoppingRule own = network.Stopping;
        SolveInput input =
            new(title, data, own with { RelativeTolerance = tolerance ?? own.RelativeTolerance, MaxSteps = maxSteps ?? own.MaxSteps });
        input._owned.Add(network);
        using IDisposable noGraph = no_grad();
        foreach (int[] indices in Enumerable.Range(0, count).Chunk(source.BatchSize))
        {
            using DisposeScope scope = NewDisposeScope();
            using Batch batch = source.Read(indices);
            Tensor q = network.Encoder.call(batch.Inputs).DetachFromDisposeScope();
            input._owned.Add(q);
            input.Add(network.Layer.Operator.Bind(q), network.Layer.Operator.StartingLatent(q));
        }

        return input;
    }

    public void Dispose()
    {
        foreach ((FixedPointMap map, Tensor start) in _batches)
        {
            map.Dispose();
            start.Dispose();
        }

        _owned.ForEach(owned => owned.Dispose());
    }

    private void Add(FixedPointMap map, Tensor start) => _batches.Add((map, start.DetachFromDisposeScope()));
}
