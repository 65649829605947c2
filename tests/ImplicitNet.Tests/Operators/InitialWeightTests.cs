using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>The weight of every bounded layer may be given its beginning, by whatever way, and is bounded from then on.</summary>
public sealed class InitialWeightTests : TensorTest
{
    private static readonly Dictionary<Type, (Func<BoundedLayer> Create, long[] Sample)> Layers = new()
    {
        [typeof(BoundedLinear)] = (() => new BoundedLinear(6, 4), [6]),
        [typeof(BoundedConvolution)] = (() => new BoundedConvolution(3, 4, 3, (5, 5)), [3, 5, 5]),
        [typeof(BoundedConvolution1d)] = (() => new BoundedConvolution1d(3, 4, 5, 9), [3, 9]),
        [typeof(BoundedStridedConvolution)] = (() => new BoundedStridedConvolution(3, 4, 3, 2, (5, 6)), [3, 5, 6]),
        [typeof(BoundedTransposedConvolution)] = (() => new BoundedTransposedConvolution(4, 3, 3, 2, (5, 6)), [4, 3, 3]),
    };

    private static readonly Dictionary<string, Action<Parameter>> Ways = new()
    {
        ["zeros"] = weight => nn.init.zeros_(weight),
        ["ones"] = weight => nn.init.ones_(weight),
        ["constant"] = weight => nn.init.constant_(weight, 0.3),
        ["normal"] = weight => nn.init.normal_(weight, 0, 5),
        ["uniform"] = weight => nn.init.uniform_(weight, -1e-4, 1e-4),
        ["xavier"] = weight => nn.init.xavier_uniform_(weight),
        ["kaiming"] = weight => nn.init.kaiming_normal_(weight),
        ["orthogonal"] = weight => nn.init.orthogonal_(weight),
        ["copied"] = weight => weight.copy_(randn(weight.shape)),
        ["one element"] = weight => weight.zero_().view(-1)[1] = 4,
    };

    public static TheoryData<string, string> Cases => new(
        from layer in Layers.Keys
        from way in Ways.Keys
        select (layer.Name, way));

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_written_into_the_weight_and_bounded_at_once_with_and_without_gradients(string name, string way)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        (Func<BoundedLayer> create, long[] sample) = Layers.Single(entry => entry.Key.Name == name).Value;
        using BoundedLayer layer = create();

        // In use before, so that there is a bound to be forgotten.
        layer.CertifyNorm();
        using (no_grad())
        {
            Ways[way](layer.Weight);
        }

        Tensor weight = layer.Weight.detach();
        double certified = layer.CertifyNorm();
        long count = sample.Aggregate(1L, (product, side) => product * side);
        Tensor columns = layer.call(eye(count).reshape([count, .. sample])).detach().to(ScalarType.Float64);
        double norm = linalg.svdvals(columns.reshape(count, -1)).max().ToDouble();
        Assert.InRange(certified, norm * (1 - 1e-5), Math.Min(1, norm * 1.05));
        Assert.True(way is "zeros" or "uniform" ? norm < 0.1 : norm > 0.4, $"{norm}");

        // Its direction is kept: only the length is changed.
        Tensor normalized = layer.NormalizedWeight();
        Assert.True(normalized.requires_grad);
        double cosine = (normalized * weight).sum().ToDouble() / Math.Max(1e-30, (normalized.norm() * weight.norm()).ToDouble());
        Assert.Equal(way == "zeros" ? 0 : 1, cosine, 1e-5);
        using (no_grad())
        {
            Assert.True(layer.NormalizedWeight().equal(normalized.detach()).all().ToBoolean());
        }

        // And it trains from there.
        (normalized * randn_like(weight)).sum().backward();
        Assert.True(layer.Weight.grad!.isfinite().all().ToBoolean());
        Assert.NotEqual(0, layer.Weight.grad!.abs().max().ToDouble());
    }

    [Fact]
    public void Every_bounded_layer_that_is_drawn_by_itself_is_tried() => Assert.Empty(
        typeof(BoundedLayer).Assembly.GetExportedTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(BoundedLayer)) && type.Name.StartsWith("Bounded", StringComparison.Ordinal))
            .Except(Layers.Keys));
}
