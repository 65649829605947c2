using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>
/// Gradients of times: the first moves the beginning of the first step, the last the end of the last one, and those between the place on
/// the interpolant; all other ends of steps stay where they are.
/// </summary>
/// <param name="record">What was computed.</param>
/// <param name="step">The steps as they are taken back.</param>
/// <param name="states">What came to the states at the times asked for.</param>
/// <param name="asked">Which step passed which time.</param>
/// <param name="device">That of the times.</param>
internal sealed class TimeGradients(FlowRecord record, ReversedStep step, ArenaRows states, AskedTimes[] asked, Device device)
{
    private readonly double[] _sums = new double[record.Batch * record.Times.Count];

    /// <summary>Adds those of a step.</summary>
    /// <param name="row">Whose.</param>
    /// <param name="sample">Its sample.</param>
    /// <param name="index">Which step.</param>
    /// <param name="size">Its length.</param>
    /// <param name="toSize">What came to its length.</param>
    /// <param name="toTime">What came to its beginning, at that length.</param>
    /// <param name="toEvent">What came to the time of an event that it ends at; null: it does not.</param>
    public void Add(int row, int sample, int index, double size, double toSize, double toTime, double? toEvent)
    {
        int count = record.Times.Count, first = sample * count;
        bool isLast = index == record.Tape!.Steps(sample) - 1;
        Range range = asked[sample].Of(index + 1);
        for (int time = range.Start.Value; time < range.End.Value; time++)
        {
            double share = (record.Times[sample, time] - asked[sample].Ends[index]) / size;
            if (!IsAtEnd(sample, index, time))
            {
                double slope = Slope(row, (time * record.Batch) + sample, share);
                _sums[first + time] += slope;
                toSize -= share * slope;
                toTime -= slope;
            }
        }

        if (isLast && record.Report.Samples[sample].Status == FlowStatus.Completed)
        {
            _sums[first + count - 1] += toSize;
        }

        if (index == 0)
        {
            _sums[first] += isLast && toEvent is { } moved ? toTime + moved : toTime - toSize;
        }
    }

    /// <summary>Adds what came to the time at which a sample ended, where that is its last one.</summary>
    public void AddEnd(int sample, double toTime) => _sums[((sample + 1) * record.Times.Count) - 1] += toTime;

    /// <summary>Adds those of a later time that is that of the start: the state there moves away from it along the field.</summary>
    /// <param name="sample">Whose.</param>
    /// <param name="time">Which time.</param>
    /// <param name="toTime">What came to the state there, along the field.</param>
    public void AddAtStart(int sample, int time, double toTime)
    {
        int first = sample * record.Times.Count;
        _sums[first + time] += toTime;
        _sums[first] -= toTime;
    }

    /// <summary>
    /// Whether a time that a step passes moves with its end, as that of the last step does; all others move along the interpolant, at whose
    /// end they may happen to be.
    /// </summary>
    public bool IsAtEnd(int sample, int index, int time) =>
        record.Times[sample, time] == asked[sample].Ends[index + 1] && index == record.Tape!.Steps(sample) - 1;

    /// <summary>All of them, in the shape of the times. In the caller's scope.</summary>
    public Tensor Result()
    {
        Tensor sums = tensor(_sums, ScalarType.Float64).reshape(record.Batch, record.Times.Count);
        return (record.Times.IsPerSample ? sums : sums.sum([0L])).to(device);
    }

    private double Slope(int row, int place, double share)
    {
        RowArena rows = step.Rows;
        double[] dots = new double[rows.Count];
        rows.ReadRow(states, place, ReversedStep.Spare, row);
        double[] weights = record.Tableau.InterpolationSlope(share);
        double slope = 0;
        for (int stage = 0; stage < weights.Length; stage++)
        {
            rows.Dots(ReversedStep.Spare, ReversedStep.Stages + stage, dots);
            slope += weights[stage] * dots[row];
        }

        return slope;
    }
}
