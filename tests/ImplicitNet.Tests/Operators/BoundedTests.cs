using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Layers of torch that are made bounded.</summary>
public sealed class BoundedTests : TensorTest
{
    [Fact]
    public void A_layer_is_divided_by_its_norm_with_its_bias()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(14);
        using Linear linear = nn.Linear(5, 4, dtype: ScalarType.Float64), straight = nn.Linear(3, 3, hasBias: false);
        using Conv2d convolution = nn.Conv2d(2, 3, 3, padding: 1, dtype: ScalarType.Float64), square = nn.Conv2d(2, 2, 3, padding: 1);
        using BoundedModule ofLinear = Bounded.Of(linear), ofConvolution = Bounded.Of(convolution, (6, 5)), ofStraight = Bounded.Of(straight);
        Assert.IsType<BoundedLinear>(ofStraight);
        Tensor x = randn([3, 5], ScalarType.Float64), image = randn([2, 2, 6, 5], ScalarType.Float64);
        double norm = linalg.svdvals(linear.weight!.detach()).max().ToDouble();
        Assert.InRange((ofLinear.call(x) - (linear.call(x) / norm)).abs().max().ToDouble(), 0, 0.02);
        Assert.Equal(["0.weight", "1.bias"], ofLinear.named_parameters().Select(named => named.name));

        // The same factor everywhere: the layer, and nothing else.
        Tensor quotient = ofConvolution.call(image).detach() / convolution.call(image).detach();
        Assert.InRange(((quotient / quotient.mean()) - 1).abs().max().ToDouble(), 0, 1e-8);
        Assert.All(new[] { ofLinear, ofConvolution, ofStraight }, bounded => Assert.InRange(bounded.CertifyNorm(), 0.9, 1));
        ofConvolution.call(image).square().sum().backward();
        Assert.All(ofConvolution.parameters(), parameter => Assert.NotNull(parameter.grad));
        using ContractionOperator contraction = new(Bounded.Of(square), 0.9);
        Assert.InRange(contraction.CertifyFactor(), 0.8, 0.9);
    }

    [Fact]
    public void What_cannot_be_bounded_so_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (nn.Module layer in new nn.Module[]
        {
            nn.ReLU(), nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3, padding: 1, stride: 2), nn.Conv2d(2, 2, 3, padding: 2, dilation: 2),
            nn.Conv2d(2, 2, 3, padding: 1, groups: 2), nn.Conv2d(2, 2, 3, padding: 1, padding_mode: PaddingModes.Circular), nn.Conv1d(2, 2, 3),
        })
        {
            using nn.Module disposed = layer;
            Assert.Contains("cannot be bounded", Assert.Throws<ArgumentException>("layer", () => Bounded.Of(layer)).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentNullException>("layer", () => Bounded.Of(null!));
        using Linear linear = nn.Linear(2, 2);
        Assert.Throws<ArgumentException>("layer", () => Bounded.Of(linear, (3, 3)));
    }
}
