using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>A coupled map seen as a map of one sample, whose latent is the whole batch: [batch, ...] as [1, batch, ...].</summary>
internal sealed class SingleSystemMap : FixedPointMap
{
    private readonly FixedPointMap _coupled;
    private readonly bool _ownsCoupled;

    public SingleSystemMap(FixedPointMap coupled, bool ownsCoupled = false)
        : base(coupled.Inputs.Borrowed())
    {
        _coupled = coupled;
        _ownsCoupled = ownsCoupled;
        IsOwn = coupled.IsOwn;
    }

    public override bool IsPerSample => true;

    public override Tensor Evaluate(Tensor latent)
    {
        Tensor batch = latent.squeeze(0);
        return LatentContract.Evaluate(_coupled, batch).unsqueeze(0);
    }

    public override FixedPointMap With(MapInputs inputs) => new SingleSystemMap(_coupled.With(inputs), ownsCoupled: true);

    public override void Dispose()
    {
        base.Dispose();
        if (_ownsCoupled)
        {
            _coupled.Dispose();
        }
    }
}
