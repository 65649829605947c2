using ImplicitNet.Differentiation;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Monotone;

/// <summary>Every kind of monotone layer with about twenty numbers in a latent, and what they come to as matrices.</summary>
internal static class MonotoneCases
{
    public static IReadOnlyList<string> Kinds { get; } = ["linear", "circular", "zeros", "pyramid"];

    public static MonotoneLayer Create(string kind, double monotonicity = 1, ScalarType dtype = ScalarType.Float64) => kind switch
    {
        "linear" => new MonotoneLinear(20, monotonicity, dtype: dtype),
        "circular" => new MonotoneConvolution(1, (5, 6), monotonicity: monotonicity, dtype: dtype),
        "zeros" => new MonotoneConvolution(2, (2, 5), monotonicity: monotonicity, padding: PaddingModes.Zeros, dtype: dtype),
        _ => Halved(new MonotonePyramid([1, 2], (3, 4), monotonicity: monotonicity, dtype: dtype)),
    };

    // Its bound of the norm is loose where images are small, and steps go with its square.
    private static MonotonePyramid Halved(MonotonePyramid layer)
    {
        using IDisposable noGraph = no_grad();
        foreach (Parameter weight in layer.parameters())
        {
            weight.mul_(0.5);
        }

        return layer;
    }

    public static long[] Shape(string kind) => kind switch
    {
        "linear" => [20],
        "circular" => [1, 5, 6],
        "zeros" => [2, 2, 5],
        _ => [12 + 8],
    };

    public static LatentActivation Activation(string name) => name switch
    {
        "identity" => LatentActivation.LeakyRelu(1),
        "relu" => LatentActivation.LeakyRelu(0),
        "leaky" => LatentActivation.LeakyRelu(0.2),
        _ => LatentActivation.Tanh,
    };

    /// <summary>W as a matrix, [n, n] in float64, by its products with the identity.</summary>
    public static Tensor Dense(MonotoneLayer layer, long[] shape, bool isTransposed = false)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long size = shape.Aggregate((a, b) => a * b);
        Tensor unit = eye(size, dtype: layer.Weight.dtype).reshape([size, .. shape]);
        return layer.Product(unit, layer.Prepare(), isTransposed).reshape(size, size).t().to(ScalarType.Float64)
            .contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The fixed points by Newton's method on the dense equation, its steps halved until the residual falls.</summary>
    public static Tensor Truth(Tensor dense, LatentActivation activation, Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor identity = eye(dense.shape[0], dtype: dense.dtype);
        return stack([.. q.flatten(1).unbind(0).Select(Solved)]).reshape(q.shape).MoveToOuterDisposeScope();

        Tensor Solved(Tensor row)
        {
            Tensor u = zeros_like(row);
            for (int step = 0; step < 100; step++)
            {
                Tensor point = (dense.mv(u) + row).requires_grad_();
                Tensor activated = activation.Apply(point);
                Tensor residual = activated.detach() - u;
                Tensor slopes = VectorProducts.TransposeProduct(activated, point, ones_like(point));
                Tensor direction = linalg.solve(identity - (slopes.unsqueeze(1) * dense), residual);
                double share = 1;
                while (share > 1e-6 && !(Residual(u + (direction * share)) < Residual(u)))
                {
                    share /= 2;
                }

                if (share <= 1e-6)
                {
                    break;
                }

                u = u + (direction * share);
            }

            return u;

            double Residual(Tensor at) => (activation.Apply(dense.mv(at) + row) - at).norm().ToDouble();
        }
    }

    /// <summary>D, the derivative of the activation at W u + q: the shape of q.</summary>
    public static Tensor Slopes(MonotoneLayer layer, LatentActivation activation, Tensor latent, Tensor q)
    {
        using IDisposable graph = enable_grad();
        Tensor point = (layer.Product(latent, layer.Prepare()) + q).detach().requires_grad_();
        return VectorProducts.TransposeProduct(activation.Apply(point), point, ones_like(point));
    }

    public static IterativeSolver Solver(string name) => name == "forward-backward" ? new ForwardBackwardSolver() : new PeacemanRachfordSolver();
}
