using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Training;

/// <summary>Writes what happens in a run to its history and to TensorBoard; nothing without a folder.</summary>
internal sealed class RunLog : IDisposable
{
    private readonly RunHistory? _history;
    private readonly TensorBoardLog? _board;

    /// <summary>Opens the logs of a run that stands at a step; lines beyond it, of work to be done again, are dropped.</summary>
    public RunLog(RunFolder? folder, long step)
    {
        if (folder is null)
        {
            return;
        }

        _history = new RunHistory(folder.History);
        _history.TruncateTo(step > 0 ? step : -1);
        _board = new TensorBoardLog(folder.TensorBoard);
    }

    public void Step(TrainingEvent.StepFinished step) => Write("step", step.Step, new()
    {
        ["Loss"] = step.Loss,
        ["LearningRate"] = step.LearningRate,
        ["SolverSteps"] = step.SolverSteps,
    });

    public void Epoch(EpochRecord record, SolverTotals solver, double? declared, double? certified)
    {
        _history?.Append(record);
        Scalar("train/accuracy", record.TrainAccuracy, record.Step);
        foreach ((string name, double value) in record.Scores)
        {
            Scalar($"scores/{name}", value, record.Step);
        }

        Scalar("validation/loss", record.ValidationLoss, record.Step);
        Scalar("validation/accuracy", record.ValidationAccuracy, record.Step);
        Dictionary<string, double> values = solver.Statuses.ToDictionary(status => status.Key.ToString(), status => (double)status.Value);
        values["Evaluations"] = solver.Evaluations;
        if (declared is { } aim && certified is { } bound)
        {
            values["GammaDeclared"] = aim;
            values["GammaCertified"] = bound;
        }

        Write("solver", record.Step, values);
        Scalar("gradient/Products", record.Products, record.Step);
        Scalar("gradient/AdjointFailures", record.AdjointFailures, record.Step);
        Scalar("gradient/FallBacks", record.FallBacks, record.Step);
        Scalar("gradient/Cosine", record.Cosine, record.Step);
        Scalar("time/Seconds", record.Seconds, record.Step);
        Scalar("time/Forward", record.Times?.Forward, record.Step);
        Scalar("time/Backward", record.Times?.Backward, record.Step);
        Scalar("time/Optimizer", record.Times?.Optimizer, record.Step);
        Scalar("time/Validation", record.Times?.Validation, record.Step);
        Scalar("time/Wait", record.Times is { Wait: > 0 and var wait } ? wait : null, record.Step);
        _board?.Flush();
    }

    public void Certificate(CertificateRecord record) => Write(record.ToHistory());

    public void Change(GradientChangeRecord record) => Write(record.ToHistory());

    public void Dispose()
    {
        _history?.Dispose();
        _board?.Dispose();
    }

    private void Write(string kind, long step, Dictionary<string, double> values) => Write(new HistoryRecord(kind, step, values));

    private void Write(HistoryRecord record)
    {
        _history?.Append(record);
        foreach ((string name, double value) in record.Values)
        {
            Scalar($"{record.Kind}/{name}", value, record.Step);
        }
    }

    private void Scalar(string name, double? value, long step)
    {
        if (value is { } number)
        {
            _board?.AddScalar(name, number, step);
        }
    }
}
