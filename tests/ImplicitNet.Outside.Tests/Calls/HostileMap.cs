using ImplicitNet.Solvers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>A map as nobody should write it, and as somebody does: a new one is one line.</summary>
/// <param name="Name">What findings call it.</param>
/// <param name="Function">From its state, u and q to a value.</param>
internal sealed record HostileMap(string Name, Func<HostileMap.State, Tensor, Tensor, Tensor?> Function)
{
    public static readonly IReadOnlyList<HostileMap> All =
    [
        new("healthy", (_, u, q) => (u * 0.5) + q),
        new("with its weight", (state, u, q) => ((u * state.Weight) + q).tanh()),
        new("in place on its argument", (_, u, q) => u.mul_(0.5).add_(q)),
        new("in place on a view of its argument", (_, u, q) => { u.select(0, 0).zero_(); return (u * 0.5) + q; }),
        new("in place on q", (_, u, q) => (u * 0.5) + q.mul_(0.9)),
        new("in place on a saved result", (_, u, q) => { Tensor v = (u * 0.5).exp(); v.add_(1); return v.log() + q; }),
        new("in place on what another saved", (_, u, q) => { Tensor v = u.tanh(); Tensor w = v * v; v.zero_(); return w + q; }),
        new("returns null", (_, _, _) => null),
        new("returns null at the third call", (state, u, q) => state.Calls == 3 ? null : (u * 0.5) + q),
        new("returns its argument", (_, u, _) => u),
        new("returns q", (_, _, q) => q),
        new("returns the same tensor each time", (state, u, q) => state.Kept ??= ((u * 0.5) + q).detach().DetachFromDisposeScope()),
        new("returns a view", (_, u, q) => ((u * 0.5) + q).alias()),
        new("returns an expanded tensor", (_, u, _) => (u.mean() * 0.5).expand(u.shape)),
        new("returns a transposed memory", (_, u, q) => u.ndim == 2 ? ((u * 0.5) + q).t().contiguous().t() : (u * 0.5) + q),
        new("wider", (_, u, q) => cat([u, u], -1)),
        new("a scalar", (_, u, _) => u.sum()),
        new("flat", (_, u, _) => u.reshape(-1)),
        new("another batch", (_, u, _) => u.narrow(0, 0, Math.Max(0, u.shape[0] - 1))),
        new("broadcast larger", (_, u, _) => u.unsqueeze(0) + zeros([2, .. u.shape.Select(_ => 1L)], u.dtype)),
        new("another shape at the second call", (state, u, q) => state.Calls == 2 ? u.sum(0) : (u * 0.5) + q),
        new("in float64", (_, u, q) => ((u * 0.5) + q).to(ScalarType.Float64)),
        new("in float16", (_, u, q) => ((u * 0.5) + q).to(ScalarType.Float16)),
        new("integers", (_, u, _) => u.to(ScalarType.Int64)),
        new("truth values", (_, u, _) => u > 0),
        new("complex", (_, u, _) => u.to(ScalarType.ComplexFloat32)),
        new("on the meta device", (_, u, _) => u.to(META)),
        new("sparse", (_, u, q) => ((u * 0.5) + q).to_sparse()),
        new("detached", (_, u, q) => (u.detach() * 0.5) + q),
        new("without gradients inside", (_, u, q) => { using (no_grad()) { return (u * 0.5) + q; } }),
        new("in inference mode inside", (_, u, q) => { using (inference_mode()) { return (u * 0.5) + q; } }),
        new("with gradients inside", (_, u, q) => { using (enable_grad()) { return (u * 0.5) + q; } }),
        new("turns gradients off", (_, u, q) => { no_grad(); return (u * 0.5) + q; }),
        new("turns gradients on", (_, u, q) => { enable_grad(); return (u * 0.5) + q; }),
        new("opens a dispose scope", (_, u, q) => { NewDisposeScope(); return (u * 0.5) + q; }),
        new("disposes the scope around it",
            (_, u, q) => { Tensor v = ((u * 0.5) + q).DetachFromDisposeScope(); NewDisposeScope().Dispose(); return v; }),
        new("returns what its scope disposed", (_, u, q) => { using (NewDisposeScope()) { return (u * 0.5) + q; } }),
        new("returns a disposed tensor", (_, u, q) => { Tensor v = (u * 0.5) + q; v.Dispose(); return v; }),
        new("disposes its argument", (_, u, q) => { Tensor v = (u * 0.5) + q; u.Dispose(); return v; }),
        new("disposes q", (_, u, q) => { Tensor v = (u * 0.5) + q; q.Dispose(); return v; }),
        new("throws", (_, _, _) => throw new HostileException("The map does not want to.")),
        new("throws at the third call",
            (state, u, q) => state.Calls == 3 ? throw new HostileException("The map does not want to any more.") : (u * 0.5) + q),
        new("throws in words of torch", (_, u, _) => u + ones(7, 5, 3)),
        new("is cancelled", (_, _, _) => throw new OperationCanceledException("The map was cancelled.")),
        new("NaN", (_, u, _) => u * float.NaN),
        new("NaN at the third call", (state, u, q) => state.Calls == 3 ? u * float.NaN : (u * 0.5) + q),
        new("NaN in one sample",
            (_, u, q) => FirstNaN((u * 0.5) + q)),
        new("infinite", (_, u, q) => ((u * u) + 1).exp().exp()),
        new("runs away", (_, u, q) => (u * 1e20) + 1),
        new("random", (_, u, q) => (u * 0.5) + q + rand_like(u)),
        new("dropout", (_, u, q) => functional.dropout(u * 0.5, 0.5, training: true) + q),
        new("normalised over the batch", (_, u, q) => ((u - u.mean([0])) * 0.5) + q),
        new("sampled on a grid", (_, u, q) => Sampled(u) + q),
        new("distances", (_, u, q) => u.ndim == 2 && u.shape[0] > 0 ? (cdist(u, u).sum(1, keepdim: true) * 0.01).expand(u.shape) + q : u),
        new("fused attention", (_, u, q) => (Attention(u) * 0.5) + q),
        new("complex inside", (_, u, q) => (fft.fft_(u).abs() * 0.1) + q),
        new("sorted", (_, u, q) => (u.sort(-1).Values * 0.5) + q),
        new("cumulative", (_, u, q) => (u.cumsum(-1) * 0.1) + q),
        new("decomposed", (_, u, q) => u.ndim == 2 ? (linalg.svd(u, fullMatrices: false).U.sum() * u * 0.01) + q : u),
        new("a huge allocation", (_, u, _) => zeros(1L << 46, dtype: u.dtype)),
        new("changes its weight", (state, u, q) => { using (no_grad()) { state.Weight.mul_(0.9); } return (u * state.Weight) + q; }),
        new("disposes its weight", (state, u, q) => { Tensor v = (u * state.Weight) + q; state.Weight.Dispose(); return v; }),
        new("keeps its graph",
            (state, u, q) => { state.Graphs.Add(((u * 0.5) + q).DetachFromDisposeScope()); return state.Graphs[^1].alias(); }),
        new("through its last graph",
            (state, u, q) => state.Last = ((LastOr(state, u) * 0.5) + q).DetachFromDisposeScope()),
        new("goes backward inside", (_, u, q) => { Backward((u * 0.5) + q); return (u * 0.5) + q; }),
        new("goes backward through its value", (_, u, q) => { Tensor v = (u * u * 0.1) + q; Backward(v * v); return v; }),
        new("asks its argument for gradients", (_, u, q) => (u.detach().requires_grad_() * 0.5) + q),
        new("solves inside", (_, u, q) => Solved(u, q)),
        new("solves itself inside", (state, u, q) => state.Depth++ < 3 ? Solved(u, q, state) : (u * 0.5) + q),
        new("seeds torch", (_, u, q) => { random.manual_seed(3); return (u * 0.5) + q; }),
        new("collects garbage", (_, u, q) => { GC.Collect(); return (u * 0.5) + q; }),
    ];

    /// <summary>What a map keeps between its calls.</summary>
    internal sealed class State(Tensor weight)
    {
        public int Calls { get; set; }

        public int Depth { get; set; }

        public Tensor Weight { get; } = weight;

        public Tensor? Kept { get; set; }

        public Tensor? Last { get; set; }

        public List<Tensor> Graphs { get; } = [];
    }

    public Tensor Evaluate(State state, Tensor u, Tensor q)
    {
        state.Calls++;
        return Function(state, u, q)!;
    }

    private static void Backward(Tensor value)
    {
        if (value.requires_grad)
        {
            value.sum().backward();
        }
    }

    private static Tensor FirstNaN(Tensor value) =>
        value.shape[0] < 2 ? value * float.NaN : cat([value.narrow(0, 0, 1) * float.NaN, value.narrow(0, 1, value.shape[0] - 1)], 0);

    private static Tensor LastOr(State state, Tensor u) => state.Last is { } last && last.shape.SequenceEqual(u.shape) ? last : u;

    private static Tensor Sampled(Tensor u)
    {
        // One picture of one row for every sample, sampled where u says.
        Tensor picture = u.reshape(u.shape[0], 1, 1, -1);
        Tensor grid = stack([picture.squeeze(1).tanh(), zeros_like(picture.squeeze(1))], -1);
        return functional.grid_sample(picture, grid, align_corners: false).reshape(u.shape) * 0.5;
    }

    private static Tensor Attention(Tensor u)
    {
        Tensor sequence = u.reshape(u.shape[0], 1, -1, 1).expand(-1, 1, -1, 4);
        return functional.scaled_dot_product_attention(sequence, sequence, sequence).mean([-1]).reshape(u.shape);
    }

    private static Tensor Solved(Tensor u, Tensor q, State? state = null)
    {
        using PerSampleMap inner = new(v => state is null ? (v * 0.3) + u.detach() : (v * 0.3) + u.detach());
        using FixedPointSolution solution = FixedPoint.Solve(inner, zeros_like(u));
        return (solution.Latent * 0.2) + (u * 0.1) + q;
    }
}
