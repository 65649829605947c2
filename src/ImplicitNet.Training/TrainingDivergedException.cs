namespace ImplicitNet.Training;

/// <summary>The loss became NaN or infinite. The last checkpoint is from before.</summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(double loss, long step, int epoch, double learningRate)
        : base(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The loss is {loss} at step {step} (epoch {epoch}, learning rate {learningRate:g3}). Lower the learning rate or clip the gradient; the last checkpoint is from before."))
    {
    }
}
