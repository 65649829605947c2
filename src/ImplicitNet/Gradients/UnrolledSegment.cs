using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>Some steps of the iteration, of which the graph keeps the first latent alone.</summary>
/// <param name="map">Describes R; its own tensors are replaced by those that the graph kept.</param>
/// <param name="steps">Applications of R.</param>
/// <param name="report">Told of a failure.</param>
internal sealed class UnrolledSegment(FixedPointMap map, int steps, GradientReport report)
{
    // Steps that do not contract carry roundings apart.
    private const double Growth = 256;

    private ValueWitness? _witness;

    private int Inputs => map.Inputs.Tensors.Count;

    public GradientReport Report => report;

    /// <summary>What the tensors look like that <see cref="Run"/> gives gradients for.</summary>
    public IReadOnlyList<TensorForm> Sources { get; private set; } = [];

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

    /// <summary>The latent after the steps, for the first time.</summary>
    /// <param name="sources">The first latent, the map's inputs, and its parameters.</param>
    public Tensor Begin(IReadOnlyList<Tensor> sources)
    {
        Sources = [.. sources.Select(TensorForm.Of)];
        Tensor last = Evaluate(sources);
        _witness = new ValueWitness(last, Growth);
        return last;
    }

    /// <summary>The latent after the steps.</summary>
    /// <param name="sources">The first latent and the map's inputs; any that follow are not looked at.</param>
    private Tensor Evaluate(IReadOnlyList<Tensor> sources)
    {
        using FixedPointMap kept = map.With(map.Inputs.With([.. sources.Skip(1).Take(Inputs)]));
        return Evaluate(kept, sources[0], steps);
    }

    /// <summary>
    /// Gradients for the first latent, the map's inputs and its parameters: evaluates the steps again. In the graph where
    /// gradients are enabled.
    /// </summary>
    public IReadOnlyList<Tensor?> Run(Tensor gradient, IReadOnlyList<Tensor> saved)
    {
        bool createGraph = is_grad_enabled();
        using IDisposable graph = enable_grad();
        Gate gate = new();
        Tensor[] sources = [.. saved.Take(1 + Inputs)];
        for (int i = 0; i < sources.Length; i++)
        {
            if (sources[i].requires_grad)
            {
                sources[i] = createGraph ? GateFunction.Attach(sources[i], gate) : sources[i].detach().requires_grad_();
            }
        }

        Tensor last = Evaluate(sources);
        report.Paid(gradient.shape[0] * steps);
        _witness?.EnsureSame(last);

        // The first latent depends on inputs and parameters too, but the nodes before this one see to that.
        using (gate.Close())
        {
            return VectorProducts.TransposeProducts(last, [.. sources, .. map.Inputs.Parameters!], gradient, createGraph);
        }
    }
}
