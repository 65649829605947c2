using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>A text that a model reads, and goes on with one character after the other.</summary>
/// <remarks>
/// An <see cref="EquilibriumTransformer"/> is solved for what is new alone: fixed points of what was read are remembered, as many as a
/// window has. Any other network reads the last window once more for every character.
/// </remarks>
internal sealed class TextContinuation(ImplicitNetwork network, TextModelOptions options, CancellationToken cancellation) : IDisposable
{
    private readonly List<long> _window = [];
    private SequenceMemory? _memory;

    /// <summary>Whether fixed points are remembered; if not, the last window is read once more for every character.</summary>
    public bool HasMemory { get; init; } = true;

    /// <summary>Solves so far.</summary>
    public int Solves { get; private set; }

    /// <summary>Those that did not come to their tolerance; what they ended with was taken.</summary>
    public int Unconverged { get; private set; }

    /// <summary>Reads what comes next.</summary>
    /// <param name="ids">At least one character; of more than a window the last ones count.</param>
    /// <returns>The logits of the character behind them, one for each that there is.</returns>
    public double[] Read(ReadOnlySpan<long> ids)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long[] last = ids[Math.Max(0, ids.Length - options.Length)..].ToArray();
        using FixedPointSolution solution = HasMemory && network.Layer.Operator is EquilibriumTransformer transformer
            ? Remembering(transformer, last)
            : Again(last);
        return [.. network.Readout.call(solution.Latent[.., ^1]).flatten().to(ScalarType.Float64).cpu().data<double>()];
    }

    public void Dispose() => Forget();

    private FixedPointSolution Remembering(EquilibriumTransformer transformer, long[] ids)
    {
        Tensor q = Encoded(ids);
        using FixedPointMap map = transformer.Bind(q, new SequenceContext { Memory = _memory });
        FixedPointSolution solution = Solved(map, transformer.StartingLatent(q));

        // With the one that comes next they are a window: no distance is new to the network.
        SequenceMemory read = new(solution.Latent, q), all = _memory?.Then(read, options.Length - 1) ?? Last(read);
        Forget();
        all.Latent.DetachFromDisposeScope();
        all.Encoded.DetachFromDisposeScope();
        _memory = all;
        return solution;
    }

    private FixedPointSolution Again(long[] ids)
    {
        _window.AddRange(ids);
        _window.RemoveRange(0, Math.Max(0, _window.Count - options.Length));
        LatentOperator latentOperator = network.Layer.Operator;
        Tensor q = Encoded([.. _window]);
        using FixedPointMap map = latentOperator.Bind(q);
        return Solved(map, latentOperator.StartingLatent(q));
    }

    private Tensor Encoded(long[] ids) => network.Encoder.call(tensor(ids).unsqueeze(0).to(network.parameters().First().device));

    private FixedPointSolution Solved(FixedPointMap map, Tensor start)
    {
        FixedPointSolution solution = FixedPoint.Solve(map, start, network.Solver, network.Stopping, cancellation: cancellation);
        Solves++;
        Unconverged += solution.Report.Samples[0].Status == SolveStatus.Converged ? 0 : 1;
        return solution;
    }

    private SequenceMemory Last(SequenceMemory read)
    {
        long kept = Math.Min(options.Length - 1, read.Tokens);
        return new(Kept(read.Latent), Kept(read.Encoded));

        Tensor Kept(Tensor tokens) => tokens.narrow(1, read.Tokens - kept, kept);
    }

    private void Forget()
    {
        _memory?.Latent.Dispose();
        _memory?.Encoded.Dispose();
        _memory = null;
    }
}
