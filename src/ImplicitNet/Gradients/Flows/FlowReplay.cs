using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>The steps that were taken, once more, all in one graph: what second derivatives are made of.</summary>
internal static class FlowReplay
{
    /// <summary>The gradients of the steps, in a graph of their own.</summary>
    /// <param name="record">What was computed.</param>
    /// <param name="sources">The start, perhaps the times, the inputs and the parameters.</param>
    /// <param name="gradient">What came to the packed states.</param>
    public static Tensor?[] Gradients(FlowRecord record, Tensor[] sources, Tensor gradient)
    {
        if (record.Event is not null || record.NeedsTimes)
        {
            throw new InvalidOperationException(
                "Second derivatives of a flow are those of its states, with times held constant: "
                + "without an event, and of times without a gradient.");
        }

        if (!record.Report.AllSucceeded)
        {
            throw new InvalidOperationException(
                $"Second derivatives of a flow need every sample to have come to its end. {record.Report}");
        }

        Gate gate = new();
        int inputs = record.Field.Inputs.Tensors.Count, first = record.Times.Source is null ? 1 : 2;
        Tensor[] gated = [.. sources.Select((source, i) => i < first + inputs && source.requires_grad ? gate.Attach(source) : source)];
        using VectorField field = record.Field.With(record.Field.Inputs.With([.. gated.Skip(first).Take(inputs)]));
        Tensor packed = Packed(record, field, gated[0]);
        Tensor[] wanted = [.. gated.Take(first + inputs), .. record.Field.Inputs.ParameterList ?? []];
        using (gate.Close())
        {
            return packed.requires_grad
                ? [.. VectorProducts.TransposeProducts(packed, wanted, gradient, createGraph: true)]
                : new Tensor?[wanted.Length];
        }
    }

    /// <summary>The packed states, as operations of torch, in the graph where gradients are enabled.</summary>
    public static Tensor Packed(FlowRecord record, VectorField field, Tensor start)
    {
        (ButcherTableau tableau, int batch, StepTape tape) = (record.Tableau, record.Batch, record.Tape!);
        AskedTimes[] asked = [.. Enumerable.Range(0, batch).Select(sample => new AskedTimes(record, sample))];
        int most = batch == 0 ? 0 : Enumerable.Range(0, batch).Max(tape.Steps);
        Tensor state = record.Layout.Flatten(start);
        Tensor[,] states = new Tensor[record.Times.Count, batch];
        for (int end = 0; end <= most; end++)
        {
            int step = end - 1;
            double[] sizes = [.. Enumerable.Range(0, batch).Select(
                sample => end > 0 && step < tape.Steps(sample) ? tape.Size(sample, step) : 0)];
            Range[] passed = [.. asked.Select((one, sample) => end <= tape.Steps(sample) ? one.Of(end) : 0..0)];
            Tensor[] stages = end == 0 ? [] : Stages(record, field, state, sizes, asked, passed, step);
            Tensor next = end == 0 ? state : Next(state, stages, sizes, tableau.Weights);
            for (int sample = 0; sample < batch; sample++)
            {
                for (int index = passed[sample].Start.Value; index < passed[sample].End.Value; index++)
                {
                    double time = record.Times[sample, index];
                    states[index, sample] = end == 0 || time == asked[sample].Ends[end] ? next[sample]
                        : Next(state, stages, sizes, tableau.InterpolationAt((time - asked[sample].Ends[step]) / sizes[sample]))[sample];
                }
            }

            state = next;
        }

        Tensor never = full(record.Size, double.NaN, start.dtype, start.device);
        IEnumerable<Tensor> all = Enumerable.Range(0, record.Times.Count * batch).Select(i => states[i / batch, i % batch] ?? never);
        return cat([.. all, state.flatten(), zeros(batch, start.dtype, start.device)]);
    }

    /// <summary>
    /// The stages of a step, 0 in rows that have none: what would be sent back there is 0, and 0 times the slope of a field that has none
    /// is NaN. The last stage of some methods has a say only where something is asked within the step.
    /// </summary>
    private static Tensor[] Stages(
        FlowRecord record, VectorField field, Tensor state, double[] sizes, AskedTimes[] asked, Range[] passed, int step)
    {
        ButcherTableau tableau = record.Tableau;
        int[] active = [.. Enumerable.Range(0, sizes.Length).Where(sample => sizes[sample] != 0)];
        int[] within = [.. active.Where(sample => Enumerable.Range(0, record.Times.Count).Take(passed[sample])
            .Any(index => record.Times[sample, index] != asked[sample].Ends[step + 1]))];
        Tensor[] stages = new Tensor[tableau.Stages];
        for (int stage = 0; stage < stages.Length; stage++)
        {
            int[] rows = tableau.IsFirstSameAsLast && stage == stages.Length - 1 ? within : active;
            stages[stage] = zeros_like(state);
            if (rows.Length == 0)
            {
                continue;
            }

            Tensor places = tensor(rows.Select(row => (long)row).ToArray(), device: state.device);
            bool isAll = rows.Length == sizes.Length;
            using VectorField? part = isAll ? null : field.Restrict(places);
            double[] times = [.. rows.Select(row => asked[row].Ends[step] + (tableau.Nodes[stage] * sizes[row]))];
            Tensor reached = Next(state, stages, sizes, tableau.Coefficients[stage]);
            Tensor argument = record.Layout.Restore(isAll ? reached : reached.index_select(0, places));
            Tensor value = record.Layout.Flatten(
                FieldMeter.Checked(part ?? field, StageTimes.Of(times, argument), argument.clone(), stage));
            stages[stage] = isAll ? value : stages[stage].index_copy(0, places, value);
        }

        return stages;
    }

    /// <summary>Rows whose step is 0 stay as they are, whatever their stages are.</summary>
    private static Tensor Next(Tensor state, Tensor[] stages, double[] sizes, double[] weights)
    {
        Tensor sum = zeros_like(state);
        for (int stage = 0; stage < weights.Length; stage++)
        {
            if (weights[stage] != 0)
            {
                sum += stages[stage] * weights[stage];
            }
        }

        Tensor lengths = tensor(sizes, ScalarType.Float64).to(state.dtype).to(state.device).unsqueeze(1);
        return where(lengths.eq(0), state, state + (lengths * sum));
    }
}
