using System.Globalization;
using System.Text;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Series;

namespace ImplicitNet.Tests.Training.Data.Series;

public sealed class TimeSeriesFileTests
{
    [Fact]
    public void Columns_rows_and_empty_cells_are_read()
    {
        TimeSeries series = Assert.Single(Read("time,high,low\n0,1.5,\n0.5,,-2e3\n"));
        Assert.Equal("", series.Name);
        Assert.Equal(["high", "low"], series.Columns);
        Assert.Equal([0, 0.5], series.Times.ToArray());
        Assert.Equal([1.5, double.NaN], series[0].ToArray());
        Assert.Equal([double.NaN, -2000], series[1].ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => series[2].Length);
    }

    [Theory]
    [InlineData("time,x\r\n1,2\r\n3,4\r\n")]
    [InlineData("time,x\n1,2\n3,4")]
    [InlineData("\uFEFFtime,x\n1,2\n\n3,4\n\n")]
    [InlineData(" time , x \n 1 , 2 \n\t3,\t4 ")]
    [InlineData("\"time\",\"x\"\n\"1\",\"2\" \n\" 3 \",4\n")]
    [InlineData("time,x\n3,4\n1,2\n")]
    [InlineData("x,time\n2,1\n4,3\n")]
    public void A_file_means_the_same_however_it_is_written(string text)
    {
        TimeSeries series = Assert.Single(Read(text));
        Assert.Equal(["x"], series.Columns);
        Assert.Equal([1, 3], series.Times.ToArray());
        Assert.Equal((2, 4), (series[0][0], series[1][0]));
    }

    [Fact]
    public void Series_are_told_apart_by_their_names_and_each_is_put_in_order()
    {
        IReadOnlyList<TimeSeries> all = Read("series,time,x\n\"b, \"\"best\"\"\",2,1\na,2,2\na,1,3\n\"b, \"\"best\"\"\",1,4\n");
        Assert.Equal(["b, \"best\"", "a"], all.Select(series => series.Name));
        Assert.Equal([4, 1, 3, 2], all.SelectMany(series => new[] { series[0][0], series[1][0] }));
        Assert.All(all, series => Assert.Equal([1, 2], series.Times.ToArray()));
    }

    [Fact]
    public void Rows_of_a_series_are_taken_with_what_they_hold()
    {
        TimeSeries series = Assert.Single(Read("time,x,y\n0,1,2\n1,3,4\n2,5,6\n"));
        TimeSeries last = series.Rows(1..);
        Assert.Equal([1, 2], last.Times.ToArray());
        Assert.Equal([3, 4, 5, 6], [.. last[0], .. last[1]]);
        Assert.Equal(0, series.Rows(..0).Times.Length);
    }

    [Theory]
    [InlineData("", "file.csv: the file is empty; a header with a column 'time' was expected.")]
    [InlineData("\n \n", "file.csv: the file is empty; a header with a column 'time' was expected.")]
    [InlineData("time,x\n", "file.csv: there are no rows behind the header.")]
    [InlineData("t,x\n1,2\n", "file.csv: line 1: the header has no column 'time'.")]
    [InlineData("time;x\n1;2\n", "file.csv: line 1: the header has no column 'time'. Cells are parted by commas.")]
    [InlineData("time\n1\n", "file.csv: line 1: the header names nothing that was observed: beside 'time' a column of numbers is needed.")]
    [InlineData("series,time\na,1\n", "file.csv: line 1: the header names nothing that was observed: beside 'time' a column of numbers is needed.")]
    [InlineData("time,x,x\n", "file.csv: line 1: two columns of the header are 'x'.")]
    [InlineData("time,x,\n", "file.csv: line 1: a column of the header has no name.")]
    [InlineData("time,x\n1,2\n\n3\n", "file.csv: line 4: there are 1 cells, and 2 in the header.")]
    [InlineData("time,x\n1,2,3\n", "file.csv: line 2: there are 3 cells, and 2 in the header.")]
    [InlineData("time,x\n1,NaN\n", "file.csv: line 2: column 'x': 'NaN' is no finite number; what is missing is an empty cell.")]
    [InlineData("time,x\n1,1e999\n", "file.csv: line 2: column 'x': '1e999' is no finite number; what is missing is an empty cell.")]
    [InlineData("time,x\n1,\"2,5\"\n", "file.csv: line 2: column 'x': '2,5' is no finite number; what is missing is an empty cell.")]
    [InlineData("time,x\nnoon,1\n", "file.csv: line 2: column 'time': 'noon' is no finite number; what is missing is an empty cell.")]
    [InlineData("time,x\n,1\n", "file.csv: line 2: column 'time': the cell is empty.")]
    [InlineData("time,series,x\n1,,1\n", "file.csv: line 2: column 'series': the cell is empty; every row belongs to a series.")]
    [InlineData("time,x\n1,2\n0,3\n1.0,4\n", "file.csv: lines 2 and 4 have one time, 1: leave one of them.")]
    [InlineData("time,series,x\n1,a,1\n1,b,1\n1,a,2\n", "file.csv: lines 2 and 4 have one time, 1, in series 'a': leave one of them.")]
    [InlineData("time,x\n1,\"2\n", "file.csv: line 2: a quote that opens at character 3 does not close on its line.")]
    [InlineData("time,x\n1,\"2\"3\n", "file.csv: line 2: character 6: behind a quoted cell a comma is expected.")]
    public void What_is_wrong_is_told_with_its_line_and_column(string text, string message) =>
        Assert.Equal(message, Assert.Throws<DataFileException>(() => Read(text)).Message);

    [Fact]
    public void Files_that_are_too_much_are_refused_before_they_fill_the_memory()
    {
        Refused(new string('x', (1 << 20) + 1), "line 1: longer than 1048576 characters.");
        Refused($"time,{string.Join(',', Enumerable.Range(0, 1024))}\n", "line 1: there are 1025 columns; at most 1024 are read.");
        string row = new(',', 1022);
        Refused(
            $"time,{string.Join(',', Enumerable.Range(0, 1022))}\n" + string.Concat(Enumerable.Range(0, 16_401).Select(time => $"{time}{row}\n")),
            "more than 16777216 cells; split the file, or leave rows out.");
        Refused("time,x\n" + Encoding.Latin1.GetString([0xFF, 0xFE]), "not a text in UTF-8", Encoding.Latin1);
    }

    [Fact]
    public void Numbers_are_read_alike_in_every_country()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator) = (",", ".");
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal(1.5, Assert.Single(Read("time,x\n1,1.5\n"))[0][0]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_told()
    {
        string path = Path.Combine(Path.GetTempPath(), "none-of-this-name.csv");
        Assert.Equal($"{path}: the file does not exist.", Assert.Throws<DataFileException>(() => TimeSeriesFile.Read(path)).Message);
        Assert.Throws<DataFileException>(() => TimeSeriesFile.Read(Path.GetTempPath()));
    }

    private static void Refused(string text, string message, Encoding? encoding = null) =>
        Assert.Contains(message, Assert.Throws<DataFileException>(() => Read(text, encoding)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<TimeSeries> Read(string text, Encoding? encoding = null)
    {
        using MemoryStream stream = new((encoding ?? Encoding.UTF8).GetBytes(text));
        return TimeSeriesFile.Read(stream, "file.csv");
    }
}
