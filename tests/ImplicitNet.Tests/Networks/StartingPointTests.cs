using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>Where a solve starts, as a value.</summary>
public sealed class StartingPointTests : TensorTest
{
    /// <summary>R(u, q) = u^3 + q: the fixed points of q = 0 are -1, 0 and 1; from within (-1, 1) one comes to 0.</summary>
    private sealed class Cubic() : nn.Module<Tensor, Tensor, Tensor>(nameof(Cubic))
    {
        public override Tensor forward(Tensor u, Tensor q) => u.pow(3) + q;
    }

    private sealed class Doubled() : nn.Module<Tensor, Tensor, Tensor>(nameof(Doubled))
    {
        public override Tensor forward(Tensor u, Tensor q) =>
            ((u * 0.5).sin() * q.narrow(1, 0, u.shape[1])) + q.narrow(1, u.shape[1], u.shape[1]);
    }

    [Fact]
    public void A_layer_starts_where_it_is_told()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(4, 4), 0.9));
        Tensor q = rand(3, 4) + 1;
        StoppingRule once = new() { MaxSteps = 1 };
        SolveSettings settings = layer.Settings with { Stopping = once, OnFailure = new AcceptMaxSteps() };
        using ImplicitResult own = layer.Run(q, settings);
        using ImplicitResult named = layer.Run(q, settings, StartingPoint.Operator);
        using ImplicitResult zero = layer.Run(q, settings, StartingPoint.Zero);
        using ImplicitResult other = layer.Run(q, settings, StartingPoint.From(start => start + 2));
        Assert.True(own.Latent.equal(q).all().ToBoolean() && named.Latent.equal(q).all().ToBoolean());
        Assert.Equal(0, zero.Latent.abs().sum().ToDouble());
        Assert.True(other.Latent.equal(q + 2).all().ToBoolean());
        RandomStart drawn = new() { Seed = 4, Deviation = 0.5 };
        using ImplicitResult random = layer.Run(q, settings, drawn);
        Assert.True(random.Latent.equal(drawn.Of(q)).all().ToBoolean());
        Assert.Throws<ArgumentNullException>(() => StartingPoint.From(null!));

        // What a contraction ends at does not depend on it.
        layer.Stopping = new StoppingRule { RelativeTolerance = 1e-6, MaxSteps = 500 };
        using ImplicitResult expected = layer.Run(q);
        foreach (StartingPoint start in new[] { StartingPoint.Zero, drawn, drawn with { Deviation = 100 } })
        {
            using ImplicitResult found = layer.Run(q, start: start);
            Assert.True(found.Latent.allclose(expected.Latent, 1e-4, 1e-4));
        }
    }

    [Fact]
    public void What_a_map_with_several_fixed_points_ends_at_depends_on_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ModuleOperator(new Cubic()));
        Tensor q = zeros(2, 3, ScalarType.Float64);
        layer.Stopping = new StoppingRule { AbsoluteTolerance = 1e-9 };
        using ImplicitResult found = layer.Run(q, start: new RandomStart { Deviation = 0.01 });
        Assert.True(found.Latent.abs().max().ToDouble() < 1e-6);
        using ImplicitResult ones = layer.Run(q, start: StartingPoint.From(own => ones_like(own)));
        Assert.True(ones.Latent.eq(1).all().ToBoolean());
    }

    [Theory]
    [InlineData(ScalarType.Float64, false)]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.BFloat16, true)]
    public void A_sample_has_its_draw_in_every_batch_and_layout_whatever_torch_drew(ScalarType dtype, bool channelsLast)
    {
        using DisposeScope scope = NewDisposeScope();
        RandomStart start = new() { Seed = 7, Deviation = 3 };
        Tensor own = Own(5, dtype, channelsLast);
        Tensor all = (start with { Samples = [12, 99, 10, 3, 2] }).Of(own);
        Assert.Equal(own.shape, all.shape);
        Assert.Equal(own.dtype, all.dtype);
        Assert.Equal(own.stride(), all.stride());
        rand(17);
        Tensor some = (start with { Samples = [3, 12] }).Of(Own(2, dtype, !channelsLast));
        Assert.True(some[0].equal(all[3]).all().ToBoolean() && some[1].equal(all[0]).all().ToBoolean());
        Assert.False(all[0].equal(all[1]).all().ToBoolean());
        Assert.False((start with { Seed = 8, Samples = [12, 99, 10, 3, 2] }).Of(own).equal(all).all().ToBoolean());

        // Without ids one draw for all, of every dtype the same but for rounding.
        Tensor alike = start.Of(own);
        Assert.True(alike[0].equal(alike[4]).all().ToBoolean());
        Assert.True(alike.equal(start.Of(own.to(ScalarType.Float64)).to(dtype)).all().ToBoolean());
        Assert.Equal(0, start.Of(own.narrow(0, 0, 0)).shape[0]);
        Assert.Equal(0, (start with { Samples = [] }).Of(own.narrow(0, 0, 0)).shape[0]);
    }

    [Fact]
    public void Draws_are_normal_with_the_deviation_that_is_asked_for_and_the_samples_are_unrelated()
    {
        using DisposeScope scope = NewDisposeScope();
        RandomStart start = new() { Deviation = 2, Samples = [.. Enumerable.Range(0, 200).Select(id => (long)id)] };
        Tensor drawn = start.Of(zeros(200, 50, ScalarType.Float64));
        Assert.InRange(drawn.std().ToDouble(), 1.95, 2.05);
        Assert.InRange(drawn.mean().ToDouble(), -0.06, 0.06);
        Assert.InRange((drawn[0].dot(drawn[1]) / (drawn[0].norm() * drawn[1].norm())).ToDouble(), -0.5, 0.5);
        Assert.InRange(drawn.mean([0L]).abs().max().ToDouble(), 0, 0.6);
    }

    [Fact]
    public void Bad_values_are_refused_and_equal_ones_are_equal()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double deviation in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(nameof(RandomStart.Deviation), () => new RandomStart { Deviation = deviation });
        }

        Tensor own = zeros(2, 3);
        Assert.Contains("One id for each of 2 samples is needed. Given: 3.",
            Assert.Throws<ArgumentException>(() => new RandomStart { Samples = [1, 2, 3] }.Of(own)).Message, StringComparison.Ordinal);
        Assert.Equal((1, 1.0, null), (new RandomStart().Seed, new RandomStart().Deviation, new RandomStart().Samples));
        RandomStart start = new() { Samples = [1, 2] };
        Assert.Equal(start, new RandomStart { Samples = [1, 2] });
        Assert.Equal(start.GetHashCode(), new RandomStart { Samples = [1, 2] }.GetHashCode());
        Assert.NotEqual(start, new RandomStart { Samples = [1, 3] });
        Assert.NotEqual(start, new RandomStart());
        Assert.Equal("RandomStart { Seed = 1, Deviation = 1, Samples = 2 }", start.ToString());
    }

    [Fact]
    public void A_latent_may_have_a_shape_that_follows_that_of_q()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ModuleOperator(new Doubled(), shape => [shape[0] / 2, .. shape[1..]]));
        foreach (long size in new[] { 3, 5 })
        {
            Tensor q = rand(2, 6, size, size);
            using ImplicitResult result = layer.Run(q);
            Assert.Equal([2, 3, size, size], result.Latent.shape);
            Assert.True(result.Report.AllConverged);
        }

        using ModuleOperator none = new(new Doubled(), shape => null!);
        string message = Assert.Throws<InvalidOperationException>(() => none.StartingLatent(rand(2, 4))).Message;
        Assert.Equal("The shape of the latent for that of q is null.", message);
        using ModuleOperator impossible = new(new Doubled(), shape => [-3]);
        Assert.Throws<ArgumentException>(() => impossible.StartingLatent(rand(2, 4)));
        using Doubled doubled = new();
        Assert.Throws<ArgumentNullException>(() => new ModuleOperator(doubled, (Func<long[], long[]>)null!));
    }

    private static Tensor Own(int samples, ScalarType dtype, bool channelsLast) => channelsLast
        ? zeros([samples, 4, 5, 3], dtype).permute(0, 3, 1, 2)
        : zeros([samples, 3, 4, 5], dtype);
}
