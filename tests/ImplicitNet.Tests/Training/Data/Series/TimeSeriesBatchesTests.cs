using System.Text;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Series;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Data.Series;

public sealed class TimeSeriesBatchesTests : TensorTest
{
    private const string Gaps = "time,x,y\n0,1,10\n1,2,\n3,3,30\n4,,40\n6,5,50\n";

    private static readonly SeriesScale Plain = new() { Means = [0, 0], Deviations = [1, 10], TimeUnit = 2 };

    [Fact]
    public void A_window_begins_where_nothing_is_missing_and_leaves_out_what_is_missing_behind()
    {
        using DisposeScope scope = NewDisposeScope();
        TimeSeriesBatches source = BatchSource.FromSeries(Read(Gaps), length: 2, Plain);
        Assert.Equal((2, 2, 1), (source.Count, source.Length, source.StepsPerEpoch));
        using Batch batch = source.First(2);

        // From rows 0 and 2; the gaps are in units of 2.
        Assert.Equal([1, 1, 0.5f, 1, 3, 3, 0.5f, 1], batch.Inputs.data<float>());
        Assert.Equal([2, 2, 2], batch.Targets.shape);
        Assert.Equal([2, 0, 3, 3, 0, 4, 5, 5], batch.Targets.data<float>());
        Assert.Equal([1, 0, 1, 1, 0, 1, 1, 1], batch.Weights!.data<float>());
        Assert.Equal((ScalarType.Float32, ScalarType.Float32), (batch.Inputs.dtype, batch.Weights!.dtype));
    }

    [Fact]
    public void What_is_missing_changes_no_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = BatchSource.FromSeries(Read(Gaps), length: 2, Plain).First(2);
        Tensor output = batch.Targets + 1;
        Tensor wild = where(batch.Weights!.eq(0), full_like(output, 1e6), output);
        Assert.Equal([1, 1], new Regression().Losses(output, batch).data<float>());
        Assert.Equal([1, 1], new Regression().Losses(wild, batch).data<float>());
    }

    [Fact]
    public void No_window_goes_from_one_series_into_another()
    {
        using DisposeScope scope = NewDisposeScope();
        TimeSeriesBatches source = BatchSource.FromSeries(Read("time,series,x\n0,a,1\n1,a,2\n0,b,3\n1,b,4\n2,b,5\n"), length: 1);
        using Batch batch = source.First(9);
        Assert.Equal(3, batch.Count);
        float[] raw = [.. ((batch.Inputs[.., 0] * source.Scale.Deviations[0]) + source.Scale.Means[0]).data<float>()];
        Assert.Equal([1, 3, 4], raw.Select(value => (float)Math.Round(value, 5)));
    }

    [Fact]
    public void The_scale_is_the_moments_of_what_was_observed_and_the_median_gap()
    {
        SeriesScale scale = SeriesScale.Of(Read("time,x,y\n0,1000001,7\n1,1000003,7\n3,,7\n13,1000005,\n"));
        Assert.Equal(1000003, scale.Means[0], 9);
        Assert.Equal(Math.Sqrt(8.0 / 3), scale.Deviations[0], 9);
        Assert.Equal((7, 1, 2), (scale.Means[1], scale.Deviations[1], scale.TimeUnit));
        Assert.Contains(
            "Column 'y' has nothing but empty cells.",
            Assert.Throws<ArgumentException>(() => SeriesScale.Of(Read("time,x,y\n0,1,\n"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_with_nothing_observed_behind_its_row_is_none()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => BatchSource.FromSeries(Read("time,x\n0,1\n1,\n2,\n"), length: 2));
        TimeSeriesBatches longer = BatchSource.FromSeries(Read("time,x,y\n0,1,10\n1,,\n2,,\n3,,40\n4,5,50\n5,,\n6,,\n"), length: 3, Plain);
        using Batch batch = longer.First(9);
        Assert.Equal((1, 1f), (longer.Count, batch.Weights!.sum().ToSingle()));
    }

    [Fact]
    public void Differing_values_without_a_deviation_are_refused()
    {
        foreach (string text in new[] { "time,x\n0,1e300\n1,-1e300\n", "time,x\n0,1e-320\n1,2e-320\n" })
        {
            Assert.StartsWith(
                "Column 'x' is between ", Assert.Throws<ArgumentException>(() => SeriesScale.Of(Read(text))).Message, StringComparison.Ordinal);
        }

        SeriesScale same = SeriesScale.Of(Read("time,x\n0,1e300\n1,1e300\n"));
        Assert.Equal((1e300, 1), (same.Means[0], same.Deviations[0]));
    }

    [Fact]
    public void Series_that_make_no_window_are_refused()
    {
        Assert.Contains(
            "none of 1 series has a row without an empty cell and 5 rows behind it; the longest has 5 rows.",
            Assert.Throws<ArgumentException>(() => BatchSource.FromSeries(Read(Gaps), length: 5, Plain)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchSource.FromSeries(Read(Gaps), length: 0, Plain));
        Assert.Throws<ArgumentException>(() => BatchSource.FromSeries([], length: 1));
        Assert.Throws<ArgumentException>(() => BatchSource.FromSeries([.. Read(Gaps), .. Read("time,z\n0,1\n1,2\n")], length: 1));
        Assert.Contains(
            "There are 1 columns, and the scale has 2 means",
            Assert.Throws<ArgumentException>(() => BatchSource.FromSeries(Read("time,z\n0,1\n1,2\n"), 1, Plain)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Deviations = [1, 0] });
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { TimeUnit = double.NaN });
    }

    [Fact]
    public void A_run_knows_its_series()
    {
        object? Known(string text, int length = 1) => BatchSource.FromSeries(Read(text), length, Plain).Identity;
        Assert.Equal(Known(Gaps), Known(Gaps));
        Assert.NotEqual(Known(Gaps), Known(Gaps, 2));
        Assert.NotEqual(Known(Gaps), Known(Gaps.Replace("50", "51", StringComparison.Ordinal)));
        Assert.NotEqual(Known(Gaps), BatchSource.FromSeries(Read(Gaps), 1, Plain with { TimeUnit = 1 }).Identity);
    }

    private static IReadOnlyList<TimeSeries> Read(string text)
    {
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(text));
        return TimeSeriesFile.Read(stream, "file.csv");
    }
}
