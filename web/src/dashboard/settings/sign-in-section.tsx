// Everything that opens this account: address, password, providers.
import { Failure, SkeletonRows } from '../../ui/surface.tsx'
import { EmailCard } from './email-card.tsx'
import { IdentitiesCard } from './identities-card.tsx'
import { PasswordCard } from './password-card.tsx'
import { useProfile } from './profile-section.tsx'

export function SignInSection() {
  const profile = useProfile()
  if (profile.isError) return <Failure error={profile.error} onRetry={() => void profile.refetch()} />
  if (!profile.data) return <SkeletonRows />
  return (
    <>
      <EmailCard profile={profile.data} />
      <PasswordCard profile={profile.data} />
      <IdentitiesCard />
    </>
  )
}
