using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>
/// The steps that a flow took, once more, sample by sample in torch's own operations: what its automatic differentiation says of these is
/// what an exact gradient must say.
/// </summary>
/// <param name="tableau">The method.</param>
/// <param name="trace">The steps.</param>
internal sealed class ReplayedFlow(ButcherTableau tableau, FlowTrace trace)
{
    /// <summary>The states of a sample at the times asked for, then that at its end: [times + 1, ...].</summary>
    /// <param name="sample">Which.</param>
    /// <param name="start">Its u0: [1, ...].</param>
    /// <param name="times">Its times; those after its end are left out.</param>
    /// <param name="field">From t: [1] and u: [1, ...].</param>
    public Tensor States(int sample, Tensor start, double[] times, Func<Tensor, Tensor, Tensor> field)
    {
        FlowTraceEntry[] steps = [.. trace.Entries.Where(entry => entry.Sample == sample && entry.IsAccepted)];
        List<Tensor> states = [start];
        int next = 1;
        Tensor state = start;
        foreach ((int index, FlowTraceEntry step) in steps.Index())
        {
            Tensor[] stages = new Tensor[tableau.Stages];
            for (int stage = 0; stage < stages.Length; stage++)
            {
                Tensor time = full([1], step.Time + (tableau.Nodes[stage] * step.Size), ScalarType.Float64).to(start.dtype);
                stages[stage] = field(time, state + Sum(start, stages, tableau.Coefficients[stage], step.Size));
            }

            Tensor end = state + Sum(start, stages, tableau.Weights, step.Size);
            double to = step.Time + step.Size;
            for (; next < times.Length; next++)
            {
                double past = (times[next] - to) * Math.Sign(step.Size);
                bool isEnd = index == steps.Length - 1 && Math.Abs(past) < 1e-9;
                if (!isEnd && past > 0)
                {
                    break;
                }

                states.Add(isEnd ? end : state + Sum(start, stages, tableau.InterpolationAt((times[next] - step.Time) / step.Size), step.Size));
            }

            state = end;
        }

        return cat([.. states, state], 0);
    }

    private static Tensor Sum(Tensor start, Tensor[] stages, double[] weights, double size)
    {
        Tensor sum = zeros_like(start).detach();
        for (int stage = 0; stage < weights.Length; stage++)
        {
            sum = weights[stage] == 0 ? sum : sum + (stages[stage] * (size * weights[stage]));
        }

        return sum;
    }
}
