using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>A coupled field seen as a field of one sample, whose state is the whole batch: [batch, ...] as [1, batch, ...].</summary>
internal sealed class SingleSystemField(VectorField coupled, bool isOwner = false) : VectorField(coupled.Inputs.Borrowed())
{
    public override bool IsPerSample => true;

    public override Tensor Evaluate(Tensor time, Tensor state) =>
        FieldMeter.Checked(coupled, time.expand(state.shape[1]), state.squeeze(0)).unsqueeze(0);

    public override VectorField With(Solvers.MapInputs inputs) => new SingleSystemField(coupled.With(inputs), isOwner: true);

    public override void Dispose()
    {
        base.Dispose();
        if (isOwner)
        {
            coupled.Dispose();
        }
    }
}
