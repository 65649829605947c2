using ImplicitNet.Flows;

namespace ImplicitNet.Gradients.Flows;

/// <summary>When the steps of a sample began and ended, and which times asked for each passed: what the loop did, told again.</summary>
internal sealed class AskedTimes
{
    private readonly int[] _firsts;

    public AskedTimes(FlowRecord record, int sample)
    {
        (FlowTimes times, int steps) = (record.Times, record.Tape!.Steps(sample));
        Ends = new double[steps + 1];
        _firsts = new int[steps + 2];
        double start = times[sample, 0];
        int direction = Math.Sign(times[sample, times.Count - 1] - start), next = 0;
        Ends[0] = start;
        bool isCompleted = record.Report.Samples[sample].Status == FlowStatus.Completed;
        Pass(0);
        for (int step = 0; step < steps; step++)
        {
            double size = record.Tape.Size(sample, step);
            Ends[step + 1] = step == steps - 1 ? record.Report.Samples[sample].Time
                : record.Steps is FixedSteps ? start + ((step + 1) * size)
                : Ends[step] + size;
            Pass(step + 1);
        }

        void Pass(int end)
        {
            bool isAtEnd = isCompleted && end == steps;
            while (next < times.Count && (isAtEnd || (times[sample, next] - Ends[end]) * direction <= 0))
            {
                next++;
            }

            _firsts[end + 1] = next;
        }
    }

    /// <summary>Where steps begin and end: one more than steps.</summary>
    public double[] Ends { get; }

    /// <summary>The times asked for that the start is at, or a step passes or ends at.</summary>
    /// <param name="end">0: the start; 1: the first step; ...</param>
    public Range Of(int end) => _firsts[end].._firsts[end + 1];
}
