using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

public sealed class LatentCacheTests : TensorTest
{
    private static readonly SolveReport Fine = new([.. Enumerable.Repeat(new SampleReport(SolveStatus.Converged, 1, 0, 0, 1), 4)], 4);

    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float16, false)]
    [InlineData(ScalarType.Float32, true)]
    public void Held_samples_start_where_they_ended_and_others_at_their_own_start(ScalarType dtype, bool channelsLast)
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new(new LatentCacheOptions { Dtype = dtype });
        Tensor latents = Layout(randn(4, 2, 3, 3), channelsLast);
        Tensor own = Layout(full([3, 2, 3, 3], 5.0, ScalarType.Float32), channelsLast);
        Assert.True(cache.Starts([7, 8, 9], own).equal(own).all().ToBoolean());
        cache.Store([10, 11, 12, 13], latents, Fine);
        Tensor starts = cache.Starts([12, 99, 10], own);
        Assert.True((starts[0] - latents[2]).abs().max().ToDouble() < 2e-3);
        Assert.True(starts[1].equal(own[1]).all().ToBoolean());
        Assert.True((starts[2] - latents[0]).abs().max().ToDouble() < 2e-3);
        Assert.Equal(own.stride(), starts.stride());
        Assert.Equal((4, 2, 4), (cache.Count, cache.Hits, cache.Misses));
        Assert.Equal(4 * 18 * (dtype == ScalarType.Float16 ? 2 : 4), cache.Bytes);
    }

    [Fact]
    public void A_later_latent_replaces_an_earlier_one_and_failed_samples_are_not_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new();
        SolveReport mixed = new(
            [Fine.Samples[0], new SampleReport(SolveStatus.MaxStepsReached, 9, 1, 2, 3), Fine.Samples[0], Fine.Samples[0]], 4);
        Tensor latents = arange(4, ScalarType.Float32).unsqueeze(1);
        latents[3] = double.PositiveInfinity;
        cache.Store([1, 2, 3, 4], latents, mixed);
        Assert.Equal(2, cache.Count);
        cache.Store([3, 5, 6, 7], latents + 10, Fine);
        Tensor starts = cache.Starts([1, 2, 3, 5], full([4, 1], -1.0, ScalarType.Float32));
        Assert.Equal([0f, -1f, 10f, 11f], starts.data<float>().ToArray());
    }

    [Fact]
    public void Memory_is_bounded()
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new(new LatentCacheOptions { MaxBytes = 3 * 8 * 4 });
        cache.Store([1, 2, 3, 4], rand(4, 8), Fine);
        cache.Store([5, 2, 6, 7], rand(4, 8), Fine);
        Assert.Equal(3, cache.Count);
        Assert.InRange(cache.Bytes, 1, 96);
    }

    [Fact]
    public void What_was_collected_is_restored()
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new();
        Tensor latents = Layout(randn(4, 2, 3, 5), channelsLast: true);
        cache.Store([4, 3, 2, 1], latents, Fine);
        using LatentCache second = new();
        second.Store([4, 8, 9, 1], randn(4, 6), Fine);
        second.Restore(cache.Collect());
        Tensor own = Layout(zeros(4, 2, 3, 5), channelsLast: true);
        Assert.True(second.Starts([4, 3, 2, 1], own).equal(latents).all().ToBoolean());
        second.Restore(new LatentCache().Collect());
        Assert.Equal(0, second.Count);
    }

    [Fact]
    public void Warm_starts_save_evaluations_and_meet_the_same_tolerance()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(16, 16), 0.95, LatentActivation.Tanh));
        layer.Stopping = new StoppingRule { RelativeTolerance = 1e-5, MaxSteps = 1000 };
        using IDisposable noGraph = no_grad();
        using LatentCache cache = new();
        Tensor q = randn(4, 16);
        long[] ids = [1, 2, 3, 4];
        using ImplicitResult cold = layer.Run(q, start: StartingPoint.From(own => cache.Starts(ids, own)));
        cache.Store(ids, cold.Latent, cold.Report);
        using ImplicitResult warm = layer.Run(q + (randn_like(q) * 1e-4), start: StartingPoint.From(own => cache.Starts(ids, own)));
        Assert.True(warm.Report.AllConverged);
        Assert.InRange(warm.Report.Evaluations, 4, cold.Report.Evaluations / 2);
    }

    [Fact]
    public void Wrong_ids_and_shapes_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new();
        cache.Store([1, 2, 3, 4], rand(4, 8), Fine);
        Assert.Throws<ArgumentException>(() => { cache.Starts([1], rand(2, 8)); });
        Assert.Throws<ArgumentException>(() => { cache.Starts([1], rand(1, 9)); });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LatentCacheOptions { Dtype = ScalarType.Int64 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LatentCacheOptions { MaxBytes = 0 });
    }

    private static Tensor Layout(Tensor images, bool channelsLast) =>
        channelsLast ? images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : images;

    [Theory]
    [InlineData("order", "ordev")]
    [InlineData("values", "valuesv")]
    [InlineData("order", "")]
    [InlineData("", "more")]
    public void Latents_under_other_names_are_refused_and_what_is_held_stays(string name, string another)
    {
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new();
        cache.Store([10, 11, 12, 13], randn(4, 2, 3, 3), Fine);
        Dictionary<string, Tensor> tensors = cache.Collect();
        Tensor moved = tensors.TryGetValue(name, out Tensor? found) ? found : zeros(1);
        tensors.Remove(name);
        if (another.Length > 0)
        {
            tensors[another] = moved;
        }

        AssertRefused(cache, tensors, "were expected");
    }

    public static TheoryData<string, Func<Tensor>> WrongTensors => new()
    {
        { "samples", () => tensor([1L, 2, 3]) },
        { "samples", () => tensor([1L, 2, 3, 1]) },
        { "samples", () => tensor([1f, 2, 3, 4]) },
        { "samples", () => tensor(new long[2, 2]) },
        { "values", () => zeros(4, 17) },
        { "values", () => zeros([4, 18], ScalarType.Int64) },
        { "values", () => zeros(72) },
        { "shape", () => tensor([2L, 3, 4]) },
        { "shape", () => tensor([-2L, 3, -3]) },
        { "shape", () => tensor([1L << 62, 1L << 62, 18]) },
        { "order", () => tensor([0L, 1, 2, 2]) },
        { "order", () => tensor([0L, 9, 1, 2]) },
        { "order", () => tensor([0L, 1]) },
    };

    [Theory]
    [MemberData(nameof(WrongTensors))]
    public void Latents_that_do_not_fit_each_other_are_refused_and_what_is_held_stays(string name, Func<Tensor> wrong)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        using DisposeScope scope = NewDisposeScope();
        using LatentCache cache = new();
        cache.Store([10, 11, 12, 13], randn(4, 2, 3, 3), Fine);
        Dictionary<string, Tensor> tensors = cache.Collect();
        tensors[name] = wrong();
        AssertRefused(cache, tensors, "The latents cannot be put back");
    }

    private static void AssertRefused(LatentCache cache, Dictionary<string, Tensor> tensors, string expected)
    {
        string message = Assert.Throws<ArgumentException>(() => cache.Restore(tensors)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal(4, cache.Count);
    }
}
