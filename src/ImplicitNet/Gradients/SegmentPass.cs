using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>Some steps of the iteration, of which the graph keeps the first latent alone: the backward pass evaluates them again.</summary>
/// <param name="map">Describes R; its own tensors are replaced by those that the graph kept.</param>
/// <param name="steps">Applications of R.</param>
/// <param name="report">Told of a failure.</param>
internal sealed class SegmentPass(FixedPointMap map, int steps, GradientReport report) : BackwardPass
{
    // Steps that do not contract carry roundings apart.
    private const double Growth = 256;

    private ValueWitness? _witness;
    private TensorForm[] _sources = [];

    private int Inputs => map.Inputs.Tensors.Count;

    /// <inheritdoc/>
    public override GradientReport Report => report;

    /// <summary>The latent after some steps, in the graph.</summary>
    public static Tensor Attach(FixedPointMap map, Tensor latent, int steps, GradientReport report)
    {
        // The first latent, the map's inputs, and its parameters.
        Tensor[] sources = [latent, .. map.Inputs.Tensors, .. map.Inputs.ParameterList!];
        return GraphNode.Attach(new SegmentPass(map, steps, report), sources, [.. sources], isAlarmed: true);
    }

    /// <summary>The latent after the steps.</summary>
    public static Tensor Evaluate(FixedPointMap map, Tensor latent, int steps)
    {
        Tensor first = latent;
        for (int step = 0; step < steps; step++)
        {
            // One scope a step: a graph keeps what it needs by itself, and without one nothing is to be kept.
            using DisposeScope scope = NewDisposeScope();
            Tensor before = latent;
            latent = LatentContract.EvaluateCopy(map, before).MoveToOuterDisposeScope();
            if (!ReferenceEquals(before, first) && !ReferenceEquals(before, latent))
            {
                before.Dispose();
            }
        }

        return latent;
    }

    /// <inheritdoc/>
    public override Tensor Forward(IReadOnlyList<Tensor> sources)
    {
        _sources = [.. sources.Select(TensorForm.Of)];
        Tensor last = Evaluate(sources);
        _witness = new ValueWitness(last, Growth);
        return last;
    }

    /// <inheritdoc/>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        bool createGraph = is_grad_enabled();
        using IDisposable graph = enable_grad();
        Gate gate = new();
        Tensor[] sources = [.. kept().Take(1 + Inputs)];
        for (int i = 0; i < sources.Length; i++)
        {
            if (sources[i].requires_grad)
            {
                sources[i] = createGraph ? gate.Attach(sources[i]) : sources[i].detach().requires_grad_();
            }
        }

        Tensor last = Evaluate(sources);
        report.Paid(gradient.shape[0] * steps);
        _witness?.EnsureSame(last);

        // The first latent depends on inputs and parameters too, but the nodes before this one see to that.
        using (gate.Close())
        {
            return [.. VectorProducts.TransposeProducts(last, [.. sources, .. map.Inputs.ParameterList!], gradient, createGraph)];
        }
    }

    /// <inheritdoc/>
    public override Tensor?[] Failed(Tensor gradient) => [.. _sources.Select(source => source.NaN())];

    /// <summary>The latent after the steps.</summary>
    /// <param name="sources">The first latent and the map's inputs; any that follow are not looked at.</param>
    private Tensor Evaluate(IReadOnlyList<Tensor> sources)
    {
        using FixedPointMap kept = map.With(map.Inputs.With([.. sources.Skip(1).Take(Inputs)]));
        return Evaluate(kept, sources[0], steps);
    }
}
