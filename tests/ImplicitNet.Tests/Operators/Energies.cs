using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary><c>E = u^T H u / 2 - q^T u</c>, whose minimum is <c>H^-1 q</c>.</summary>
internal sealed class QuadraticEnergy : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "matrix")]
    private readonly Parameter _matrix;

    public QuadraticEnergy(Tensor matrix)
        : base(nameof(QuadraticEnergy))
    {
        _matrix = new Parameter(matrix.detach().clone());
        _matrix.DetachFromDisposeScope();
        RegisterComponents();
    }

    public Parameter Matrix => _matrix;

    public override Tensor forward(Tensor u, Tensor q) => ((u.mm(_matrix) / 2 - q) * u).sum(1);
}

/// <summary>
/// <c>E = ||u - q||^2 / 2 + sum softplus(W u + b) / 2</c>: strongly convex by 1, smooth by <c>1 + ||W||^2 / 8</c>; the latents may have any
/// shape behind the batch.
/// </summary>
internal sealed class ConvexEnergy : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "linear")]
    private readonly Linear _linear;

    public ConvexEnergy(long size, long hidden, ScalarType dtype = ScalarType.Float64)
        : base(nameof(ConvexEnergy))
    {
        _linear = nn.Linear(size, hidden, dtype: dtype);
        RegisterComponents();
    }

    public override Tensor forward(Tensor u, Tensor q)
    {
        Tensor hidden = nn.functional.softplus(_linear.call(u.flatten(1)) * 2, 1, 20);
        return ((u - q).square().flatten(1).sum(1) / 2) + (hidden.sum(1) / 4);
    }
}

/// <summary>An energy written as a function.</summary>
internal sealed class EnergyOf(Func<Tensor, Tensor, Tensor> function) : nn.Module<Tensor, Tensor, Tensor>(nameof(EnergyOf))
{
    public override Tensor forward(Tensor u, Tensor q) => function(u, q);
}
