using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers.Fronts;

/// <summary>A network that solves mazes by filling dead ends: what it answers after how many steps is known.</summary>
internal static class DeadEndNetwork
{
    /// <summary>From mazes as <see cref="ImplicitNet.Training.Data.Mazes"/> gives them to logits of two classes. The caller owns it.</summary>
    /// <param name="latent">Another operator in place of <see cref="DeadEnds"/>; the network takes it over.</param>
    public static ImplicitNetwork Create(LatentOperator? latent = null) => new(new Encoder(), latent ?? new DeadEnds(), new Readout())
    {
        Stopping = new StoppingRule { MaxSteps = 2_000, Stall = new LatentStall() },
    };

    private sealed class Encoder() : nn.Module<Tensor, Tensor>(nameof(Encoder))
    {
        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return cat([input.narrow(1, 0, 1), input.narrow(1, 1, 2).sum(1, keepdim: true)], 1).MoveToOuterDisposeScope();
        }
    }

    private sealed class Readout() : nn.Module<Tensor, Tensor>(nameof(Readout))
    {
        public override Tensor forward(Tensor latent)
        {
            using var scope = NewDisposeScope();
            Tensor sure = (latent - 0.5) * 40;
            return cat([-sure, sure], 1).MoveToOuterDisposeScope();
        }
    }
}
