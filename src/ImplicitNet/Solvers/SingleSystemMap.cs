using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>A coupled map seen as a map of one sample, whose latent is the whole batch: [batch, ...] as [1, batch, ...].</summary>
internal sealed class SingleSystemMap(FixedPointMap coupled) : FixedPointMap
{
    public override bool IsPerSample => true;

    public override IReadOnlyList<Tensor> Inputs => coupled.Inputs;

    public override IReadOnlyList<Tensor>? Parameters => coupled.Parameters;

    public override Tensor Evaluate(Tensor latent) => coupled.Evaluate(latent.squeeze(0)).unsqueeze(0);

    public override FixedPointMap Restrict(Tensor samples) =>
        throw new InvalidOperationException("A single system has no samples to leave out.");

    public override FixedPointMap With(IReadOnlyList<Tensor> inputs) => new SingleSystemMap(coupled.With(inputs));

    public override void Dispose()
    {
    }
}
