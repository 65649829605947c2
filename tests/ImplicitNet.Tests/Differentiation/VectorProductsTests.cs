using ImplicitNet.Differentiation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Differentiation;

public sealed class VectorProductsTests : TensorTest
{
    [Fact]
    public void The_two_products_are_adjoint()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor kernel = randn([3, 3, 3, 3], ScalarType.Float64);
        Tensor u = randn([2, 3, 5, 5], ScalarType.Float64).requires_grad_();
        Tensor mapped = nn.functional.leaky_relu(nn.functional.conv2d(u, kernel, padding: [1, 1]).add_(u.tanh()), 0.1, inplace: true);
        Tensor v = randn_like(u);
        Tensor w = randn_like(mapped);
        double left = (VectorProducts.Product(mapped, u, v) * w).sum().ToDouble();
        double right = (v * VectorProducts.TransposeProduct(mapped, u, w)).sum().ToDouble();
        Assert.Equal(left, right, 1e-10 * Math.Abs(left));
        Assert.NotEqual(0, left);
    }

    [Fact]
    public void What_would_end_the_process_is_refused_instead()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor u = ones(2, 3).requires_grad_();
        Tensor mapped = u * 2;
        Tensor detached = ones(2, 3);
        Assert.Contains("graph", Assert.Throws<ArgumentException>(() => VectorProducts.TransposeProduct(detached, u, detached)).Message, StringComparison.Ordinal);
        Assert.Contains("require", Assert.Throws<ArgumentException>(() => VectorProducts.TransposeProduct(mapped, detached, detached)).Message, StringComparison.Ordinal);
        Assert.Contains("[2, 3]", Assert.Throws<ArgumentException>(() => VectorProducts.TransposeProduct(mapped, u, ones(3, 2))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => VectorProducts.Product(mapped, u, ones(3, 2)));
    }

    [Fact]
    public void What_the_caller_has_in_grad_is_not_touched()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor leaf = ones(2, 3).requires_grad_();
        Tensor untouched = ones(2, 3).requires_grad_();
        Tensor kept = full_like(leaf, 7);
        leaf.grad = kept;
        Tensor within = leaf * untouched;
        Tensor output = within.exp();
        foreach (bool createGraph in new[] { false, true })
        {
            IReadOnlyList<Tensor?> products = VectorProducts.TransposeProducts(output, [leaf, untouched, within], ones(2, 3), createGraph);
            Assert.All(products, product => Assert.Equal(createGraph, product!.requires_grad));
        }

        Assert.Equal(7, leaf.grad!.mean().ToDouble());
        kept.fill_(9);
        Assert.Equal(9, leaf.grad!.mean().ToDouble());
        Assert.Null(untouched.grad);
        output.sum().backward();
        Assert.Null(within.grad);
    }

    [Fact]
    public void An_output_that_does_not_depend_on_the_input_gives_zeros()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor u = ones(2, 3).requires_grad_();
        Tensor other = ones(2, 3).requires_grad_();
        Tensor mapped = other * 2;
        Assert.Equal(0, VectorProducts.TransposeProduct(mapped, u, ones(2, 3)).abs().sum().ToDouble());
        Assert.Equal(0, VectorProducts.Product(mapped, u, ones(2, 3)).abs().sum().ToDouble());
    }
}
