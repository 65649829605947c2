using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

/// <summary>A network small enough that its Jacobians can be written out, in float64.</summary>
internal static class SmallNetwork
{
    public const int Latents = 5;

    public static ImplicitNetwork Create(double gamma, nn.Module<Tensor, Tensor>? encoder = null, nn.Module<Tensor, Tensor>? readout = null) => new(
        encoder ?? nn.Linear(3, Latents, dtype: ScalarType.Float64),
        new ContractionOperator(new BoundedLinear(Latents, Latents, ScalarType.Float64), gamma, LatentActivation.Tanh),
        readout ?? nn.Linear(Latents, 2, dtype: ScalarType.Float64))
    {
        Solver = new BroydenSolver { KeepInverse = true },
        Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 300 },
    };

    public static Tensor Losses(Tensor outputs) => outputs.square().sum(1);
}
