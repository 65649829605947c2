using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>||r|| &lt;= max(absolute, relative ||u||)</c>.</summary>
internal sealed record LargerScale : ResidualScale
{
    public override Tensor Reference(Tensor residual, Tensor latent, ResidualNorm norm, double absolute, double relative) => norm.Measure(latent);

    public override double Ratio(double residual, double reference, double absolute, double relative) =>
        residual / Math.Max(absolute, relative * reference);
}
