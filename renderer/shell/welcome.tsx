import { OpenChoices } from './open-choices.tsx'
import './welcome.css'

/** No workspace is open. */
export function Welcome() {
  return (
    <main className="welcome">
      <div className="welcome-page">
        <h1>Gatehouse</h1>
        <p className="welcome-about">
          Put a gateway before an API, see what every policy decides and why, and change it until it decides right.
        </p>
        <h2 className="welcome-question">What do you have?</h2>
        <OpenChoices />
      </div>
    </main>
  )
}
