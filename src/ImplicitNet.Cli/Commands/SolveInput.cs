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
    private static readonly StoppingRule OfProblems = new() { RelativeTolerance = 1e-8, MaxSteps = 500 };

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
    public string Residual => Stopping is { AbsoluteTolerance: { } absolute and > 0, RelativeTolerance: { } relative }
        ? $"||map(u) - u|| / (||u|| + {Display.Number(absolute / relative, "0.######")})"
        : "||map(u) - u|| / ||u||";

    /// <summary>One of the named problems.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="asked">When to stop, from the rule of problems. Without an absolute tolerance it is a thousandth of the other.</param>
    /// <param name="device">Where to solve it.</param>
    public static SolveInput OfProblem(FixedPointProblem problem, Func<StoppingRule, StoppingRule> asked, Device device)
    {
        SolveInput input = new($"{problem.Name}: {problem.Title}", problem.Source, StoppingOfProblems(asked));
        (PerSampleMap map, Tensor start) = problem.Create(device: device);
        input.Add(map, start);
        return input;
    }

    /// <summary>When the solve of a problem stops.</summary>
    /// <param name="asked">From the rule of problems. Without an absolute tolerance it is a thousandth of the other.</param>
    public static StoppingRule StoppingOfProblems(Func<StoppingRule, StoppingRule> asked)
    {
        StoppingRule stopping = asked(OfProblems);
        return stopping with { AbsoluteTolerance = stopping.AbsoluteTolerance ?? (stopping.RelativeTolerance * AbsoluteShare) };
    }

    /// <summary>The maps of a model's operator for the first images of a source.</summary>
    /// <param name="title">What it is.</param>
    /// <param name="data">What its images are from.</param>
    /// <param name="network">The model, in evaluation mode; owned from now on.</param>
    /// <param name="source">The images, and how many go into a batch.</param>
    /// <param name="count">Images.</param>
    /// <param name="asked">When to stop, from the model's rule.</param>
    public static SolveInput OfModel(
        string title, string data, ImplicitNetwork network, IndexedBatches source, int count, Func<StoppingRule, StoppingRule> asked)
    {
        SolveInput input = new(title, data, asked(network.Stopping));
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
