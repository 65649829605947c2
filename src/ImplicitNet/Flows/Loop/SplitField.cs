using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>A Hamiltonian field, of which every stage of Verlet's step is a part: a kick, a drift, a kick.</summary>
/// <param name="field">The caller keeps it, unless this owns it.</param>
/// <param name="isOwner">Whether it does.</param>
internal sealed class SplitField(HamiltonianField field, bool isOwner = false) : VectorField(field.Inputs.Borrowed())
{
    private const int DriftStage = 1;

    public override bool IsPerSample => true;

    /// <summary>The whole field.</summary>
    public override Tensor Evaluate(Tensor time, Tensor state) => field.Evaluate(time, state);

    /// <summary>The part that a stage is.</summary>
    public Tensor Evaluate(int stage, Tensor state) => stage == DriftStage ? field.Drift(state) : field.Kick(state);

    public override VectorField With(MapInputs inputs) => new SplitField((HamiltonianField)field.With(inputs), isOwner: true);

    public override void Dispose()
    {
        base.Dispose();
        if (isOwner)
        {
            field.Dispose();
        }
    }
}
