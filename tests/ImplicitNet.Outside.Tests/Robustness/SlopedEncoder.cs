using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Robustness;

/// <summary><c>x -> sin(slope x)</c>, a module of a user's own that says how far it takes two inputs apart; or says less.</summary>
internal sealed class SlopedEncoder(double slope, double claimed) : nn.Module<Tensor, Tensor>(nameof(SlopedEncoder)), ILipschitz
{
    public double CertifyLipschitz() => claimed;

    public override Tensor forward(Tensor input) => (input * slope).sin();
}
