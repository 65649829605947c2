using System.Globalization;
using System.Text;

namespace ImplicitNet.Training.Data.Series;

/// <summary>
/// Reads time series from a file of comma-separated values: a header; a column "time" of numbers; perhaps a column "series" of names, where
/// there are several; every other column numbers that were observed. An empty cell is missing. UTF-8, decimal points.
/// </summary>
/// <remarks>
/// Rows may come in any order; two rows of one time in one series are refused, since nothing says which holds. Memory: 8 bytes a cell, of
/// at most 2^24 cells, and three times that while it is read, whatever the file is.
/// </remarks>
public static class TimeSeriesFile
{
    private const string Time = "time";
    private const string Series = "series";
    private const int MostCells = 1 << 24;
    private const int MostColumns = 1024;
    private const int MostSeries = 65_536;
    private const int LongestLine = 1 << 20;

    /// <summary>Reads all series of a file, in the order in which they come first.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFileException">It is missing, or not what is described above; the message names line and column.</exception>
    public static IReadOnlyList<TimeSeries> Read(string path) => DataFile.Read(path, file => Read(file, path));

    /// <summary>Reads all series of a stream.</summary>
    /// <param name="stream">Read to its end; the caller keeps it.</param>
    /// <param name="name">Its name, for messages.</param>
    internal static IReadOnlyList<TimeSeries> Read(Stream stream, string name)
    {
        using StreamReader text = new(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), true, leaveOpen: true);
        return new Reader(text, name).Read();
    }

    private sealed class Reader(StreamReader text, string name)
    {
        private readonly List<string> _cells = [];
        private readonly Dictionary<string, Rows> _series = [];
        private readonly List<Rows> _inOrder = [];
        private readonly StringBuilder _line = new();
        private string[] _columns = [];
        private int _number;
        private long _held;

        public IReadOnlyList<TimeSeries> Read()
        {
            (int time, int? series) = ReadHeader();
            while (Next())
            {
                if (_cells.Count != _columns.Length)
                {
                    throw Fault($"there are {_cells.Count} cells, and {_columns.Length} in the header.");
                }

                Add(time, series);
            }

            return _inOrder.Count > 0
                ? [.. _inOrder.Select(rows => rows.Sorted(this, Observed(time, series)))]
                : throw new DataFileException(name, null, "there are no rows behind the header.");
        }

        public DataFileException Repeated(double time, string series, int first, int second) => new(
            name, null,
            FormattableString.Invariant($"lines {Math.Min(first, second)} and {Math.Max(first, second)} have one time, {time}")
                + (series.Length > 0 ? $", in series '{series}'" : "") + ": leave one of them.");

        private (int Time, int? Series) ReadHeader()
        {
            if (!Next())
            {
                throw new DataFileException(name, null, "the file is empty; a header with a column 'time' was expected.");
            }

            _columns = [.. _cells];
            if (_columns.Length > MostColumns)
            {
                throw Fault($"there are {_columns.Length} columns; at most {MostColumns} are read.");
            }

            HashSet<string> names = [];
            if (Array.Find(_columns, column => column.Length == 0 || !names.Add(column)) is { } wrong)
            {
                throw Fault(wrong.Length == 0 ? "a column of the header has no name." : $"two columns of the header are '{wrong}'.");
            }

            int time = Array.IndexOf(_columns, Time), series = Array.IndexOf(_columns, Series);
            if (time < 0)
            {
                string other = _columns is [var only] && only.Contains(';', StringComparison.Ordinal) ? " Cells are parted by commas." : "";
                throw Fault($"the header has no column 'time'.{other}");
            }

            return _columns.Length > (series < 0 ? 1 : 2)
                ? (time, series < 0 ? null : series)
                : throw Fault("the header names nothing that was observed: beside 'time' a column of numbers is needed.");
        }

        private string[] Observed(int time, int? series) => [.. _columns.Where((_, place) => place != time && place != series)];

        private void Add(int time, int? series)
        {
            string key = series is { } named ? _cells[named] : "";
            if (series is not null && key.Length == 0)
            {
                throw Fault("column 'series': the cell is empty; every row belongs to a series.");
            }

            if (!_series.TryGetValue(key, out Rows? rows))
            {
                if (_series.Count == MostSeries)
                {
                    throw Fault($"series number {MostSeries + 1} begins; at most {MostSeries} are read.");
                }

                _series[key] = rows = new Rows(key);
                _inOrder.Add(rows);
            }

            _held += _columns.Length;
            if (_held > MostCells)
            {
                throw Fault($"more than {MostCells} cells; split the file, or leave rows out.");
            }

            double when = Number(time) ?? throw Fault("column 'time': the cell is empty.");
            rows.Begin(when, _number);
            for (int place = 0; place < _columns.Length; place++)
            {
                if (place != time && place != series)
                {
                    rows.Values.Add(Number(place) ?? double.NaN);
                }
            }
        }

        private double? Number(int place)
        {
            string cell = _cells[place];
            if (cell.Length == 0)
            {
                return null;
            }

            return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw Fault($"column '{_columns[place]}': '{Shown(cell)}' is no finite number; what is missing is an empty cell.");
        }

        private static string Shown(string cell) => cell.Length <= 40 ? cell : $"{cell[..40]}...";

        /// <summary>Reads the cells of the next line that is not blank.</summary>
        private bool Next()
        {
            while (ReadLine() is { } line)
            {
                if (!string.IsNullOrWhiteSpace(line))
                {
                    return CsvLine.Split(line, _cells) is { } fault ? throw Fault(fault) : true;
                }
            }

            return false;
        }

        // StreamReader.ReadLine would take a file without an end of line into memory as one line.
        private string? ReadLine()
        {
            _number++;
            _line.Clear();
            try
            {
                int read;
                while ((read = text.Read()) >= 0 && read != '\n')
                {
                    if (_line.Length == LongestLine)
                    {
                        throw Fault($"longer than {LongestLine} characters.");
                    }

                    _line.Append((char)read);
                }

                return read < 0 && _line.Length == 0 ? null : _line.ToString();
            }
            catch (DecoderFallbackException exception)
            {
                throw new DataFileException(name, null, $"line {_number} or the next ones: not a text in UTF-8.", exception);
            }
        }

        private DataFileException Fault(string what) => new(name, null, $"line {_number}: {what}");
    }

    private sealed class Rows(string name)
    {
        private readonly List<double> _times = [];
        private readonly List<int> _lines = [];

        public List<double> Values { get; } = [];

        public void Begin(double time, int line)
        {
            _times.Add(time);
            _lines.Add(line);
        }

        public TimeSeries Sorted(Reader reader, string[] columns)
        {
            int[] order = [.. Enumerable.Range(0, _times.Count).OrderBy(row => _times[row])];
            double[] times = new double[order.Length], values = new double[Values.Count];
            for (int row = 0; row < order.Length; row++)
            {
                times[row] = _times[order[row]];
                if (row > 0 && times[row] == times[row - 1])
                {
                    throw reader.Repeated(times[row], name, _lines[order[row - 1]], _lines[order[row]]);
                }

                Values.CopyTo(order[row] * columns.Length, values, row * columns.Length, columns.Length);
            }

            return new TimeSeries(name, columns, times, values);
        }
    }
}
