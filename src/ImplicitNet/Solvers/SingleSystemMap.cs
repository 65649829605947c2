using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>A coupled map seen as a map of one sample, whose latent is the whole batch: [batch, ...] as [1, batch, ...].</summary>
internal sealed class SingleSystemMap : FixedPointMap
{
    private readonly FixedPointMap _coupled;

    public SingleSystemMap(FixedPointMap coupled)
    {
        _coupled = coupled;
        IsOwn = coupled.IsOwn;
    }

    public override bool IsPerSample => true;

    public override IReadOnlyList<Tensor> Inputs => _coupled.Inputs;

    public override IReadOnlyList<Tensor>? Parameters => _coupled.Parameters;

    public override Tensor Evaluate(Tensor latent)
    {
        Tensor batch = latent.squeeze(0);
        return LatentContract.Evaluate(_coupled, batch).unsqueeze(0);
    }

    public override FixedPointMap Restrict(Tensor samples) =>
        throw new InvalidOperationException("A single system has no samples to leave out.");

    public override FixedPointMap With(IReadOnlyList<Tensor> inputs) => new SingleSystemMap(_coupled.With(inputs));

    public override void Dispose()
    {
    }
}
