using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Convex potential layers: 1-Lipschitz whatever their weights are.</summary>
public sealed class ConvexPotentialTests : TensorTest
{
    [Fact]
    public void It_takes_no_two_images_further_apart_whatever_its_weights()
    {
        random.manual_seed(4);
        Random draws = new(4);
        for (int draw = 0; draw < 220; draw++)
        {
            using DisposeScope scope = NewDisposeScope();
            ScalarType dtype = draw % 2 == 0 ? ScalarType.Float32 : ScalarType.Float64;
            (int height, int width) = (draws.Next(1, 8), draws.Next(1, 8));
            int side = 1 + (2 * draws.Next(3)), channels = draws.Next(1, 4);
            using ConvexPotential layer = new(
                channels, draws.Next(1, 6), side, draws.Next(2) == 0 ? (height, width) : null,
                draws.Next(3) == 0 ? LatentActivation.Tanh : null, dtype);
            Drawn(layer, Math.Pow(10, draws.Next(-6, 7)), draws.Next(3));
            double factor = draws.Next(2) == 0 ? 1 : 0.9, certified = layer.CertifyNorm(factor);
            Assert.InRange(certified, factor * 0.99, factor);

            // Far apart, and so near that the slope at one point counts, along directions that power iteration makes longest.
            Tensor u = randn([2, channels, height, width], dtype) * Math.Pow(10, draws.Next(-1, 2)), v = randn_like(u);
            double far = ((layer.call(u) - layer.call(v)).norm() / (u - v).norm()).ToDouble();
            Assert.InRange(far, 0, 1 + (dtype == ScalarType.Float32 ? 1e-5 : 1e-12));
        }
    }

    [Fact]
    public void Its_certificate_is_above_its_norm_and_its_Jacobian_is_symmetric_with_eigenvalues_within_one()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using ConvexPotential layer = new(2, 4, 1, activation: LatentActivation.LeakyRelu(1), dtype: ScalarType.Float64);
        Drawn(layer, 3, 0);
        Tensor columns = layer.call(eye(32, dtype: ScalarType.Float64).reshape(32, 2, 4, 4));
        Tensor jacobian = (columns - layer.call(zeros([1, 2, 4, 4], ScalarType.Float64))).reshape(32, 32).detach();
        Assert.InRange((jacobian - jacobian.t()).abs().max().ToDouble(), 0, 1e-12);
        double norm = linalg.svdvals(jacobian).max().ToDouble();
        Assert.InRange(norm, 0.5, layer.CertifyNorm());

        // I - 2 V^T V of the identity's slopes: the smallest eigenvalue is 1 - 2 ||V||^2.
        Assert.InRange(linalg.eigvalsh(jacobian).min().ToDouble(), -1, -0.95);
    }

    [Fact]
    public void It_is_the_layer_of_its_paper()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using ConvexPotential layer = new(2, 3, 3, (5, 4), dtype: ScalarType.Float64);
        Drawn(layer, 1, 1);
        Tensor x = randn([2, 2, 5, 4], ScalarType.Float64);

        // x - 2 / b^2 W^T relu(W x + b bias), with b the norm by decomposition of W as a matrix, to the margin of the bound.
        Tensor Convolved(Tensor image) => nn.functional.conv2d(image, layer.Weight.detach(), padding: [1, 1]);
        Tensor matrix = Convolved(eye(40, dtype: ScalarType.Float64).reshape(40, 2, 5, 4)).reshape(40, -1);
        double norm = linalg.svdvals(matrix).max().ToDouble();
        Tensor hidden = (Convolved(x) + (norm * layer.Bias.detach().view(1, -1, 1, 1))).relu();
        Tensor expected = x - (2 / (norm * norm) * nn.functional.conv_transpose2d(hidden, layer.Weight.detach(), padding: [1, 1]));
        Assert.InRange(((layer.call(x).detach() - expected).norm() / x.norm()).ToDouble(), 0, 0.2);

        // A W of 0 changes nothing.
        using (no_grad())
        {
            layer.Weight.zero_();
        }

        Assert.InRange((layer.call(x) - x).abs().max().ToDouble(), 0, 1e-4);
        Assert.Equal(["bias", "convolution.weight"], layer.named_parameters().Select(named => named.name));
        Assert.Throws<ArgumentException>("activation", () => new ConvexPotential(1, 1, activation: new Wavy()));
        Assert.Throws<ArgumentException>("input", () => layer.call(zeros([1, 2, 4, 4], ScalarType.Float64)));
        using (no_grad())
        {
            layer.Bias.fill_(double.NaN);
        }

        Assert.Equal(double.NaN, layer.CertifyNorm());
    }

    internal static void Drawn(nn.Module module, double scale, double biasScale)
    {
        using IDisposable noGraph = no_grad();
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
        {
            using Tensor values = randn(parameter.shape, parameter.dtype) * (name.EndsWith("bias", StringComparison.Ordinal) ? biasScale : scale);
            parameter.copy_(values);
        }
    }

    private sealed record Wavy : LatentActivation
    {
        public override Tensor Apply(Tensor x) => x.sin();
    }
}
