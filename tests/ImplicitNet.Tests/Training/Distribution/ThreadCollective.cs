using System.Globalization;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>Ranks that are threads of one process. Sums are made in the order of the ranks; who makes another call than the others is told.</summary>
internal sealed class ThreadCollective : Collective
{
    private readonly Hub _hub;

    private ThreadCollective(Hub hub, int rank) => (_hub, Rank) = (hub, rank);

    public override int Rank { get; }

    public override int Size => _hub.Size;

    public override int LocalSize => _hub.Size;

    public override string Description => $"{Size} threads";

    /// <summary>The calls that were made together.</summary>
    public IReadOnlyList<string> Calls => _hub.Calls;

    public static ThreadCollective[] Of(int size, TimeSpan? patience = null)
    {
        Hub hub = new(size);
        return [.. Enumerable.Range(0, size).Select(rank => new ThreadCollective(hub, rank) { Patience = patience ?? TimeSpan.FromSeconds(20) })];
    }

    public override void Sum(Span<double> values)
    {
        double[][] all = Together($"sum of {values.Length} doubles", values.ToArray());
        for (int place = 0; place < values.Length; place++)
        {
            values[place] = all.Aggregate(0.0, (sum, each) => sum + each[place]);
        }
    }

    public override void Sum(Span<float> values)
    {
        float[][] all = Together($"sum of {values.Length} floats", values.ToArray());
        for (int place = 0; place < values.Length; place++)
        {
            values[place] = all.Aggregate(0f, (sum, each) => sum + each[place]);
        }
    }

    public override void Max(Span<double> values)
    {
        double[][] all = Together($"largest of {values.Length} doubles", values.ToArray());
        for (int place = 0; place < values.Length; place++)
        {
            values[place] = all.Max(each => each[place]);
        }
    }

    public override void Broadcast(Span<byte> bytes) => Together($"broadcast of {bytes.Length} bytes", Rank == 0 ? bytes.ToArray() : [])[0].CopyTo(bytes);

    public override byte[][] Gather(ReadOnlySpan<byte> bytes) => [.. Together("gather", bytes.ToArray())];

    public override void Abort(int exitCode) => _hub.End(string.Create(CultureInfo.InvariantCulture, $"rank {Rank} aborted with {exitCode}"));

    private T[] Together<T>(string call, T own) => _hub.Meet(Rank, call, own, Patience);

    private sealed class Hub(int size)
    {
        private readonly Condition _changed = new();
        private readonly (string Call, object? Given)?[] _given = new (string, object?)?[size];
        private object?[] _together = [];
        private long _round;
        private string? _end;

        public int Size => size;

        public List<string> Calls { get; } = [];

        public void End(string why)
        {
            lock (_changed)
            {
                _end ??= why;
                Monitor.PulseAll(_changed);
            }
        }

        public T[] Meet<T>(int rank, string call, T own, TimeSpan patience)
        {
            DateTime deadline = DateTime.UtcNow + patience;
            lock (_changed)
            {
                long round = _round;
                _given[rank] = (call, own);
                if (_given.All(given => given is not null))
                {
                    string[] calls = [.. _given.Select(given => given!.Value.Call)];
                    _end ??= calls.Distinct().Count() == 1 ? null : $"the ranks make different calls: {string.Join("; ", calls)}";
                    _together = [.. _given.Select(given => given!.Value.Given)];
                    Array.Clear(_given);
                    Calls.Add(call);
                    _round++;
                    Monitor.PulseAll(_changed);
                }

                while (_round == round && _end is null)
                {
                    TimeSpan left = deadline - DateTime.UtcNow;
                    if (left <= TimeSpan.Zero || !Monitor.Wait(_changed, left))
                    {
                        _end ??= $"rank {rank} waited {patience.TotalSeconds} s in the {call}";
                        Monitor.PulseAll(_changed);
                    }
                }

                return _end is null ? [.. _together.Cast<T>()] : throw new CollectiveException(_end);
            }
        }

        private sealed class Condition;
    }
}
